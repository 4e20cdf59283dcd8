"""Sample series for every metric of the catalogue, as promtool reads them: a service of two replicas under load."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from monitoring import catalogue
from monitoring.catalogue import Metric

STEPS = 80
INTERVAL = "15s"

VALUES = {
    "service": ("fashion",),
    "version": ("1",),
    "job": ("serving",),
    "instance": ("a:9464", "b:9464"),
    "endpoint": ("predict",),
    "code": ("200", "422", "503", "2xx"),
    "runner": ("mlp",),
    "outcome": ("ok", "shed"),
    "reason": ("full", "timeout", "idle", "drain"),
    "alertname": ("QueueFull",),
    "alertstate": ("firing", "pending"),
    "severity": ("page",),
    "feature": ("confidence", "predicted_class"),
    "role": ("input", "output"),
    "quantile": ("0.99",),
    "proxy": ("door", "serving"),
    "state": ("active", "UP"),
    "bin": ("00", "01", "other", "missing"),
}
"""What a label is in the samples; any other label is its own name."""

PROGRAMS = ("serving", "prometheus", "alertmanager")
"""The jobs of what every program has; everything else is of one job."""

STEADY = {"servewatch_feature_reference_ratio": 0.25, "servewatch_feature_reference_rows": 5000}
"""What a gauge is, where that is not 1."""


def series() -> list[dict[str, str]]:
    """Make promtool's `input_series` for every metric: each label value, each bucket."""
    # A replica of a server that is not ours as well: what it does not tell is drawn, too.
    other = _one(
        "up", {"job": "serving", "instance": "c:3000", "service": "fashion", "adapter": "bentoml"}, f"1x{STEPS}"
    )
    return [*(one for metric in catalogue.ALL for one in _of(metric)), other]


def _of(metric: Metric) -> Iterator[dict[str, str]]:
    labels = dict.fromkeys((*metric.labels, "job", "instance"))
    values = VALUES | ({"job": PROGRAMS} if "job" in metric.labels else {})
    for combination in itertools.product(*(values.get(label, (label,)) for label in labels)):
        known = dict(zip(labels, combination, strict=True))
        if metric.kind == "histogram":
            yield from _histogram(metric, known)
        else:
            steady = f"{STEADY.get(metric.name, 1)}x{STEPS}"
            yield _one(metric.name, known, f"0+3x{STEPS}" if metric.kind == "counter" else steady)


def _histogram(metric: Metric, labels: dict[str, str]) -> Iterator[dict[str, str]]:
    for at, bound in enumerate(metric.buckets, 1):
        yield _one(metric.bucket, {**labels, "le": str(float(bound))}, f"0+{at}x{STEPS}")
    number = len(metric.buckets) + 1
    yield _one(metric.bucket, {**labels, "le": "+Inf"}, f"0+{number}x{STEPS}")
    yield _one(metric.count, labels, f"0+{number}x{STEPS}")
    yield _one(metric.sum, labels, f"0+{number * metric.buckets[0]:g}x{STEPS}")


def _one(name: str, labels: dict[str, str], values: str) -> dict[str, str]:
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return {"series": f"{name}{{{inside}}}", "values": values}
