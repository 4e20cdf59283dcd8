"""What happens to how often a model is right: labels say so, or confidence must, as labels no longer come."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alerts.quality import ALERTS, MARGIN, SURE
from servewatch.replay.catalogue.drift import PREDICTION_DRIFT, SURELY, USUAL, shown
from servewatch.replay.drifting import seen_after
from servewatch.replay.incident import DRIFT_STEP, Incident
from servewatch.replay.promises import surely_below
from servewatch.replay.watched import ACCURACY, LEARNT, MEAN_ACCURACY, SHARES
from servewatch.replay.world import Phase, Watched

_BY_NAME = {alert.name: alert for alert in ALERTS}
_LIMIT = MEAN_ACCURACY - MARGIN
_WORSE = 0.6
_UNSURE = {"00": 0.0005, "01": 0.8, "02": 0.15, "03": 0.0495}
_HALF = 0.5


def _labelled() -> Iterator[tuple[float, float]]:
    """The accuracy by all labels so far, and its deviation, after each step of the worse model."""
    each, labels = Watched().labels * DRIFT_STEP, Watched().labels * USUAL.seconds
    right = labels * MEAN_ACCURACY
    while True:
        labels, right = labels + each, right + each * _WORSE
        mean = right / labels
        yield mean, math.sqrt(mean * (1 - mean) / labels)


def _estimated() -> Iterator[tuple[float, float]]:
    """The accuracy that the confidence of all rows so far lets expect, and its deviation, after each step."""
    usual = SHARES["confidence"]
    rows = {bin: usual[bin] * Watched().rate * USUAL.seconds for bin in ACCURACY}
    while True:
        rows = {bin: count + _UNSURE.get(bin, 0.0) * Watched().rate * DRIFT_STEP for bin, count in rows.items()}
        whole, spread = sum(rows.values()), 0.0
        for bin, count in rows.items():
            learnt = LEARNT * usual[bin]
            guess = (learnt * ACCURACY[bin] + _HALF) / (learnt + 2 * _HALF)
            spread += (count + count**2 / learnt) * guess * (1 - guess)
        yield sum(ACCURACY[bin] * count for bin, count in rows.items()) / whole, math.sqrt(spread) / whole


LABELS_DISAGREE = Incident(
    "labels-disagree",
    f"The labels that come confirm {_WORSE:.0%} of the predictions; nothing else has changed",
    (USUAL, Phase(5 * 3600.0, watched=Watched(accuracy=_WORSE))),
    (
        shown(
            _BY_NAME["AccuracyLow"],
            surely_below(_LIMIT, SURE, DRIFT_STEP, _labelled()),
            f"the accuracy by all labels is {SURE:g} deviations below its limit",
        ),
    ),
    step=DRIFT_STEP,
    models=True,
)
CONFIDENCE_FALLS = Incident(
    "confidence-falls",
    "The model becomes unsure of most of what it sees, where no labels come",
    (
        Phase(USUAL.seconds, watched=Watched(labels=0.0)),
        Phase(3 * 3600.0, watched=Watched(labels=0.0, shares={"confidence": _UNSURE})),
    ),
    (
        shown(PREDICTION_DRIFT, seen_after("confidence", _UNSURE, Watched().rate), SURELY),
        shown(
            _BY_NAME["AccuracyEstimateLow"],
            surely_below(_LIMIT, SURE, DRIFT_STEP, _estimated()),
            f"the accuracy that all confidence so far lets expect is {SURE:g} deviations below its limit",
        ),
    ),
    step=DRIFT_STEP,
    models=True,
)
LABELS_STOP = Incident(
    "labels-stop",
    "What sends the labels is away for two hours; the model is as good as it was",
    (USUAL, Phase(2 * 3600.0, watched=Watched(labels=0.0)), Phase(3600.0)),
    step=DRIFT_STEP,
    models=True,
    live="labels --seconds 120",
)

INCIDENTS = (LABELS_DISAGREE, CONFIDENCE_FALLS, LABELS_STOP)
