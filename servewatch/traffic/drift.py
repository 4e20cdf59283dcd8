"""Pictures as they would be if the world had changed: each kind is seen by other features, or by answers alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from alerts import Alert
from alerts.drift import ALERTS
from alerts.windows import Windows, milliseconds
from servewatch.traffic import samples
from servewatch.traffic.client import Sample
from servewatch.traffic.faults import Fault
from servewatch.traffic.pictures import Labels, Pictures

RATE = 90.0
"""Requests per second: three for each of the demo's own, which stay as they are."""

_FOLD = 20
"""How much more often the first three classes come: nine of ten pictures, which even a small reference tells."""


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which the world changes."""

    name: str
    told: str
    change: Callable[[Pictures, Labels], Pictures]
    alert: str = "DataDrift"
    steps: int = 3
    """After how many of them it shows, and has shown for as long as the alert asks for."""

    def fault(self, labels: Labels, windows: Windows) -> Fault:
        """Traffic that is changed so, for the pictures that have these labels, where drift is scored over these."""
        steps = self.steps * milliseconds(windows.step) / 1000
        return Fault(
            name=f"drift, {self.name}",
            alert=_alert(self.alert),
            told=f"{RATE:g} requests per second of {self.told}",
            expected=f"within {steps / 60:g} minutes, where the model was watched for over {windows.short} before: "
            f"scores are computed every {windows.step}",
            seconds=steps,
            rate=RATE,
            make=lambda pictures: _sent(self.change(pictures, labels)),
            label="feature",
            windows=windows.windows,
        )


def _alert(name: str) -> Alert:
    return next(alert for alert in ALERTS if alert.name == name)


def _sent(pictures: Pictures) -> Sequence[Sample]:
    return [samples.png(picture) for picture in pictures]


def _each(pictures: Pictures, work: Callable[[Image.Image], Image.Image]) -> Pictures:
    grey = ((Image.fromarray((picture * 255).round().astype(np.uint8))) for picture in pictures)
    return np.stack([np.asarray(work(picture), np.float32) / 255 for picture in grey])


def _blur(pictures: Pictures, labels: Labels) -> Pictures:
    return _each(pictures, lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5)))


def _noise(pictures: Pictures, labels: Labels) -> Pictures:
    noise = np.random.default_rng(0).normal(0, 0.15, pictures.shape)
    noisy: Pictures = np.clip(pictures + noise, 0, 1).astype(np.float32)
    return noisy


def _rotate(pictures: Pictures, labels: Labels) -> Pictures:
    return _each(pictures, lambda picture: picture.rotate(30, Image.Resampling.BILINEAR))


def _brighten(pictures: Pictures, labels: Labels) -> Pictures:
    brighter: Pictures = np.clip(pictures * 1.3 + 0.1, 0, 1).astype(np.float32)
    return brighter


def _prior(pictures: Pictures, labels: Labels) -> Pictures:
    """Mostly the first three classes; nothing about a single picture is new."""
    return np.concatenate([pictures, *[pictures[labels < 3]] * _FOLD])


def _invert(pictures: Pictures, labels: Labels) -> Pictures:
    inverted: Pictures = (1 - pictures).astype(np.float32)
    return inverted


CHANGES = {
    change.name: change
    for change in (
        Change("blur", "blurred pictures, as of a lens that is out of focus", _blur),
        Change("noise", "noisy pictures, as of a sensor in the dark", _noise),
        Change("rotate", "pictures rotated by 30 degrees, as of a camera that was moved", _rotate),
        Change("brightness", "brighter pictures, as of another exposure", _brighten),
        Change("prior", "pictures mostly of the first three classes", _prior, "PredictionDrift", steps=5),
        Change("invert", "inverted pictures, as of a client that sends them the other way round", _invert),
    )
}
