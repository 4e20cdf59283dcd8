"""The series of a watched model: its reference, the rows in each bin, and the labels that came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate

from monitoring.catalogue import Metric, drift, quality
from servewatch.replay.pieces import Lines
from servewatch.replay.world import INSTANCES, MODEL, REFERENCE, SERVICE, VERSION, Phase, Watched

LEARNT = 20_000
"""Rows of the reference."""

UNKNOWN = "8"
"""A version that was stored without a reference."""

ROLES = {"brightness": "input", "source": "input", "label": "output", "confidence": "output"}
ORDERED = ("brightness", "confidence")
SHARES: Mapping[str, Mapping[str, float]] = {
    "brightness": {
        "00": 0.0005,
        "01": 0.2497,
        "02": 0.2496,
        "03": 0.2496,
        "04": 0.2496,
        "05": 0.0005,
        "missing": 0.0005,
    },
    "source": {"camera": 0.6, "upload": 0.398, "other": 0.001, "missing": 0.001},
    "label": {"boot": 0.34, "coat": 0.33, "dress": 0.328, "other": 0.001, "missing": 0.001},
    "confidence": {"00": 0.0005, "01": 0.2, "02": 0.3, "03": 0.498, "04": 0.001, "missing": 0.0005},
}
"""The reference: what each feature's bins held of its rows."""

ACCURACY = {"00": 0.3, "01": 0.7, "02": 0.9, "03": 0.98, "04": 0.99}
"""How often the reference's rows were right, by the bin of their confidence."""

MEAN_ACCURACY = sum(SHARES["confidence"][bin] * right for bin, right in ACCURACY.items()) / sum(
    SHARES["confidence"][bin] for bin in ACCURACY
)

_TARGET = {"instance": INSTANCES[0], "service": SERVICE, "version": "1"}
_MODEL = {**_TARGET, "model": MODEL, "model_version": VERSION}
_CONFIDENCE = {**_MODEL, "reference": REFERENCE}


def series(phases: Iterable[Phase], lines: Lines) -> None:
    """Add the series of a watched model to the others."""
    now = 0.0
    for phase in phases:
        _learnt(lines, phase.seconds)
        _seen(lines, phase.seconds, phase.watched)
        _labels(lines, phase.seconds, phase.watched)
        if phase.watched.unknown:
            labels = {**_MODEL, "model_version": UNKNOWN}
            lines.of(drift.DROPPED, labels, now).count(phase.seconds, phase.watched.unknown)
        now += phase.seconds


def _learnt(lines: Lines, seconds: float) -> None:
    for feature, shares in SHARES.items():
        labels = {**_CONFIDENCE, "feature": feature, "role": ROLES[feature]}
        lines.of(drift.REFERENCE_ROWS, labels).add(seconds, LEARNT)
        for bin, share in shares.items():
            lines.of(drift.REFERENCE_RATIO, {**labels, "bin": bin}).add(seconds, share)
        if feature in ORDERED:
            _order(lines, seconds, labels, {bin: share for bin, share in shares.items() if bin != drift.MISSING})
    for bin, right in ACCURACY.items():
        lines.of(quality.CONFIDENCE_ACCURACY, {**_CONFIDENCE, "bin": bin}).add(seconds, right)


def _order(lines: Lines, seconds: float, labels: dict[str, str], shares: Mapping[str, float]) -> None:
    whole = sum(shares.values())
    for (bin, share), upto in zip(shares.items(), accumulate(shares.values()), strict=True):
        _gauge(lines, drift.REFERENCE_SCORE, {**labels, "bin": bin}, seconds, (upto - share / 2) / whole)
        _gauge(lines, drift.REFERENCE_GAP, {**labels, "bin": bin}, seconds, 0.5 if bin != list(shares)[-1] else 0.0)


def _gauge(lines: Lines, metric: Metric, labels: dict[str, str], seconds: float, value: float) -> None:
    lines.of(metric, labels).add(seconds, value)


def _seen(lines: Lines, seconds: float, watched: Watched) -> None:
    rate = watched.rate * (1 - watched.dropped)
    for feature, usual in SHARES.items():
        labels = {**_CONFIDENCE, "feature": feature, "role": ROLES[feature]}
        shares = watched.shares.get(feature, usual)
        for bin in usual:
            lines.of(drift.OBSERVATIONS, {**labels, "bin": bin}).count(seconds, rate * shares.get(bin, 0.0))
    lines.of(drift.DROPPED, _MODEL).count(seconds, watched.rate * watched.dropped)


def _labels(lines: Lines, seconds: float, watched: Watched) -> None:
    """Labels come of all rows alike; a model that has become worse is so in every bin."""
    scale = watched.accuracy / MEAN_ACCURACY if watched.accuracy else 1.0
    for bin, share in watched.shares.get("confidence", SHARES["confidence"]).items():
        if bin in ACCURACY:
            labels, rate = {**_CONFIDENCE, "bin": bin}, watched.labels * share
            lines.of(quality.LABELLED, labels).count(seconds, rate)
            lines.of(quality.CORRECT, labels).count(seconds, rate * ACCURACY[bin] * scale)
