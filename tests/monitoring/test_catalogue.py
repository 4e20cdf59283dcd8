from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from monitoring.catalogue import ALL, BY_NAME, OWN, SERVICE_LABELS, Metric


def test_names_are_unique() -> None:
    """No two declarations share a name."""
    assert len(BY_NAME) == len(ALL)


def test_every_own_metric_carries_service_and_version() -> None:
    """Replicas and versions can be told apart in every series of ours."""
    assert all(metric.labels[:2] == SERVICE_LABELS for metric in OWN)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "a-b"}, "characters"),
        ({"name": "a_total"}, "only they, end in _total"),
        ({"kind": "counter"}, "only they, end in _total"),
        ({"kind": "histogram"}, "only they, have buckets"),
        ({"kind": "histogram", "buckets": (2.0, 1.0)}, "out of order"),
        ({"labels": ("a", "a")}, "no label twice"),
        ({"labels": ("le",)}, "never 'le'"),
        ({"values": {"color": ("red",)}}, r"has values of \['color'\]"),
    ],
)
def test_a_declaration_that_would_be_misread_is_refused(wrong: dict[str, Any], message: str) -> None:
    """Faults of a declaration come out where it is written."""
    declared: dict[str, Any] = {"name": "a", "kind": "gauge", "help": "", "topic": "requests", **wrong}
    with pytest.raises(ValueError, match=message):
        Metric(**declared)


def test_parts_of_a_histogram_are_named_and_others_have_none() -> None:
    """A histogram names its buckets, sum and count; asking a gauge for them is an error."""
    histogram = Metric("h", "histogram", "", "requests", buckets=(1.0,))
    assert (histogram.bucket, histogram.sum, histogram.count) == ("h_bucket", "h_sum", "h_count")
    with pytest.raises(ValueError, match="has no bucket"):
        _ = BY_NAME["up"].bucket


def test_importing_monitoring_loads_no_web_framework_and_no_torch() -> None:
    """Any service can use the instruments without paying for ours."""
    code = "import sys, monitoring; print({'fastapi', 'starlette', 'torch', 'numpy', 'serving'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
