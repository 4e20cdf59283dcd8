"""What happens to what a model sees and answers: each kind of drift, and what keeps drift from being seen."""

from __future__ import annotations

from collections.abc import Mapping

from alerts import Alert
from alerts.drift import ALERTS, WINDOWS
from alerts.drift.alarms import DROPPED_LIMIT, QUALITY_LIMIT
from servewatch.replay.drifting import seen_after
from servewatch.replay.incident import DRIFT_STEP, Incident, Promise, seconds
from servewatch.replay.promises import crossing, stepped
from servewatch.replay.watched import SHARES
from servewatch.replay.world import Phase, Watched

USUAL = Phase(3 * 3600.0)
_HOUR = Phase(3600.0)
_SHORT = seconds(WINDOWS.short)
_FAULTY = 0.3
_DROPPED = 0.5
_FIRST = "the first step that is drifted as a whole"
SURELY = f"the window of {WINDOWS.short} differs surely from the reference, by numbers alone"
_BRIGHTER = {"01": 0.1, "02": 0.2, "03": 0.3, "04": 0.4}
_MOSTLY_BOOTS = {"boot": 0.7, "coat": 0.2, "dress": 0.1}

_BY_NAME = {alert.name: alert for alert in ALERTS}
DATA_DRIFT, PREDICTION_DRIFT = _BY_NAME["DataDrift"], _BY_NAME["PredictionDrift"]
DATA_QUALITY = _BY_NAME["DataQuality"]


def shown(alert: Alert, after: float = 0.0, why: str = _FIRST) -> Promise:
    """It holds at the first evaluation of a step at which it can show."""
    return Promise(alert, stepped(after, DRIFT_STEP), why)


def _faulty(feature: str, bin: str) -> Mapping[str, Mapping[str, float]]:
    """Some of the rows are in one bin, and the others as they were."""
    rest = {name: share * (1 - _FAULTY) for name, share in SHARES[feature].items()}
    return {feature: {**rest, bin: rest[bin] + _FAULTY}}


def _fault(name: str, told: str, feature: str, bin: str) -> Incident:
    rows = crossing(_SHORT, QUALITY_LIMIT, (0.0, 1.0), (_FAULTY, 1.0))
    why = f"{QUALITY_LIMIT:.0%} of the rows of {WINDOWS.short}, when {_FAULTY:.0%} of what comes is so"
    changed = Phase(_HOUR.seconds, watched=Watched(shares=_faulty(feature, bin)))
    return _incident(name, told, (USUAL, changed), (shown(DATA_DRIFT), shown(DATA_QUALITY, rows, why)))


def _incident(name: str, told: str, phases: tuple[Phase, ...], promises: tuple[Promise, ...]) -> Incident:
    return Incident(name, told, phases, promises, step=DRIFT_STEP, models=True)


INPUTS_SHIFT = Incident(
    "inputs-shift",
    "What comes is brighter than what the model learnt from",
    (USUAL, Phase(3600.0, watched=Watched(shares={"brightness": _BRIGHTER}))),
    (shown(DATA_DRIFT, seen_after("brightness", _BRIGHTER, Watched().rate), SURELY),),
    step=DRIFT_STEP,
    models=True,
    live="drift --kind brightness",
)
CLASSES_SHIFT = Incident(
    "classes-shift",
    "More than usual is of one class: nothing about a single row is new",
    (USUAL, Phase(3600.0, watched=Watched(shares={"label": _MOSTLY_BOOTS}))),
    (shown(PREDICTION_DRIFT, seen_after("label", _MOSTLY_BOOTS, Watched().rate), SURELY),),
    step=DRIFT_STEP,
    models=True,
    live="drift --kind prior",
)
VALUES_MISSING = _fault("values-missing", "Three of ten rows come without a value", "brightness", "missing")
OUT_OF_RANGE = _fault("out-of-range", "Three of ten rows are above all that was learnt from", "brightness", "05")
NEW_CATEGORY = _fault("new-category", "Three of ten rows are of a category that nobody knew", "source", "other")
WITHOUT_REFERENCE = _incident(
    "without-reference",
    "A new version of the model is served that was stored without a reference",
    (USUAL, Phase(3600.0, watched=Watched(unknown=1.0))),
    (shown(_BY_NAME["DriftReferenceMissing"], why="the first step in which its rows were answered"),),
)
NOT_COUNTED = _incident(
    "not-counted",
    "Half of the rows are answered and not counted, as counting is too slow",
    (USUAL, Phase(2 * 3600.0, watched=Watched(dropped=_DROPPED))),
    (
        shown(
            _BY_NAME["DriftBlind"],
            crossing(_SHORT, DROPPED_LIMIT, (0.0, 1.0), (_DROPPED, 1.0)),
            f"{DROPPED_LIMIT:.0%} of the rows of {WINDOWS.short}, when {_DROPPED:.0%} of them are dropped",
        ),
    ),
)

INCIDENTS = (
    INPUTS_SHIFT,
    CLASSES_SHIFT,
    VALUES_MISSING,
    OUT_OF_RANGE,
    NEW_CATEGORY,
    WITHOUT_REFERENCE,
    NOT_COUNTED,
)
