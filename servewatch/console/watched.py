"""What the pages about models, drift and accuracy ask of Prometheus: from the declarations, as rules and panels are."""

from __future__ import annotations

from alerts import quality
from alerts.algebra import Vector, by, over
from alerts.drift import series as drift
from alerts.drift.scores import MINIMUM_ROWS
from alerts.promql import rate, select
from alerts.requests import UP_LATELY
from alerts.series import Series
from alerts.windows import LONG, Windows
from monitoring.catalogue import models, requests

DASHBOARD = "servewatch-quality"
_MODEL = ("service", "model", "model_version", "reference")

SCORES = {
    "score": drift.SCORE,
    "rows": drift.ROWS,
    "psi": drift.PSI,
    "ks": drift.KS,
    "moved": drift.TOTAL_VARIATION,
}
BINS = {"live": drift.BIN_RATIO, "counted": drift.BIN_COUNT, "reference": drift.REFERENCE_RATIO}
"""Of one feature: which share of the rows lies in each bin now, how many that are, and the reference's share."""

ACCURACY = {
    "labelled": quality.LABELLED,
    "labelled_sd": quality.LABELLED_SD,
    "labels": quality.LABELS,
    "estimated": quality.ESTIMATED,
    "estimated_sd": quality.ESTIMATED_SD,
    "drifted": quality.DRIFTED,
    "ratio": quality.LABELLED_RATIO,
}
CALIBRATION = {"right": quality.LABELLED_BIN_ACCURACY, "learnt": quality.BIN_ACCURACY, "labels": quality.LABELLED_COUNT}
"""By the bins of confidence: how many were right by the labels, in the reference, and how many labels say so."""


def _now(series: Series, windows: Windows) -> str:
    """What was recorded last, without the labels that tell nothing apart."""
    return by("max", series.by, over("last", series, windows.memory)).expr


def _recorded(found: dict[str, Series] | dict[str, Series], windows: Windows) -> dict[str, str]:
    return {name: _now(series, windows) for name, series in found.items()}


def _of_limit(windows: Windows) -> Vector:
    score = over("last", drift.SCORE, windows.memory)
    return score / by("max", drift.SERVICE, over("last", drift.Z_CRITICAL, windows.memory))


def _drifted(windows: Windows) -> str:
    """How many features are beyond their limit; nothing where no feature has a score."""
    # Over all windows, so that a feature is counted once.
    worst = by("max", drift.FEATURE, _of_limit(windows))
    return (by("count", (), worst > 1) | by("count", (), worst) * 0).expr


def _drifted_in(windows: Windows) -> str:
    """How many features of each model are beyond their limit in each window: where to look for them."""
    features = by("max", (*drift.FEATURE, "window"), _of_limit(windows))
    return by("count", (*_MODEL, "window"), features > 1).expr


def queries(windows: Windows) -> dict[str, object]:
    """The queries as the page gets them; `series` are to be narrowed to one feature or model by the page."""
    return {
        # By what every Prometheus gives its targets: the label service is one of our stacks' alone.
        "models": f"{select(models.INFO)} and on (job, instance) {UP_LATELY}",
        "saved": by("max", ("service", "model", "model_version"), over("last", models.SAVED, windows.memory)).expr,
        "replicas": UP_LATELY,
        "rates": f"sum by (service, instance) ({rate(requests.TOTAL, LONG)})",
        "scores": _recorded(SCORES, windows) | {"reference_rows": _now(drift.REFERENCE_ROWS, windows)},
        "drifted": _drifted(windows),
        "drifted_in": _drifted_in(windows),
        "critical": _now(drift.Z_CRITICAL, windows),
        "bad": _now(drift.QUALITY_RATIO, windows),
        "accuracy": _recorded(ACCURACY, windows),
        "reference": _now(quality.REFERENCE, windows),
        "minimum": _now(quality.LIMIT, windows),
        "series": {name: series.name for name, series in (BINS | CALIBRATION).items()},
        "memory": windows.memory,
        "windows": list(windows.windows),
        "enough_rows": MINIMUM_ROWS,
        "enough_labels": quality.MINIMUM_LABELS,
        "dashboard": DASHBOARD,
    }
