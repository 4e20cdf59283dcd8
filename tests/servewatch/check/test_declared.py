"""servewatch/check/declared.py: which values a label is declared to have, where it has no others."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from monitoring.catalogue import Metric, batching, drift, quality, requests, runtime
from monitoring.quality import feedback
from monitoring.reference.feature import Role
from monitoring.tracing import export
from servewatch.check.declared import declared
from serving import batcher, counts


@pytest.mark.parametrize(
    ("metric", "label", "counted"),
    [
        (batching.REQUESTS, "outcome", batcher.OUTCOMES),
        (batching.DISPATCHES, "reason", batcher.REASONS),
        (quality.REJECTED, "reason", feedback.REASONS),
        (runtime.TRACE_SPANS, "outcome", export.OUTCOMES),
        *((metric, "role", get_args(Role)) for metric in drift.ALL if "role" in metric.labels),
    ],
)
def test_declared_values_are_those_that_are_counted(metric: Metric, label: str, counted: tuple[str, ...]) -> None:
    """Whoever adds an outcome, a reason or a role declares it: else a right query would be told as a wrong one."""
    assert metric.values[label] == tuple(counted)


def test_every_code_that_is_counted_is_declared() -> None:
    """The codes of an endpoint are there from the start, and any other answer has one of HTTP."""
    assert {str(code) for code in counts.CODES} <= set(requests.TOTAL.values["code"])


def test_what_a_service_serves_is_known_of_that_service_and_of_what_servewatch_exposes() -> None:
    """A metric of the user's may call another thing an endpoint, and another service has others."""
    own = Metric("shop_total", "counter", "", "own", ("service", "version", "endpoint"))
    made = replace(declared([own]), served={"shop": {"endpoint": ("buy", "unknown")}})
    bucket = "servewatch_request_duration_seconds_bucket"
    assert made.values(bucket, "shop") == {"endpoint": ("buy", "unknown")}
    assert made.values(bucket, "other") == made.values("shop_total", "shop") == {}
    assert made.values(batching.DISPATCHES.name, "other") == batching.DISPATCHES.values
    assert made.whatever_values().values(requests.TOTAL.name, "shop") == {}
