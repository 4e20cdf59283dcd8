"""What the home page asks of Prometheus, from the same declarations that rules and dashboards come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from alerts import requests, slo
from alerts.batching import QUEUE_FULL
from alerts.promql import quantile, select
from alerts.windows import SHORT

LABEL = "service"
DASHBOARD, OBJECTIVES = "servewatch-service", "servewatch-slo"


@dataclass(frozen=True)
class Column:
    """A number for each service, over a window or of this moment, and the alerts that speak of it."""

    title: str
    expr: str
    unit: str
    window: str = ""
    limit: float | None = None
    alerts: tuple[str, ...] = ()


def _p50() -> str:
    return quantile(0.5, select(requests.BUCKETS[SHORT]))


COLUMNS = (
    Column("Replicas", requests.UP.name, "none", alerts=(requests.SERVICE_DOWN.name, requests.REPLICA_DOWN.name)),
    Column("Requests", f"sum by ({LABEL}) ({requests.RATES[SHORT].name})", "reqps", SHORT),
    Column(
        "Errors",
        requests.ERRORS[SHORT].name,
        "percentunit",
        SHORT,
        requests.REQUEST_ERRORS_HIGH.threshold,
        (requests.REQUEST_ERRORS_HIGH.name, QUEUE_FULL.name),
    ),
    Column("p50", _p50(), "s", SHORT),
    Column(
        "p95",
        requests.P95_SHORT.name,
        "s",
        SHORT,
        requests.REQUEST_LATENCY_HIGH.threshold,
        (requests.REQUEST_LATENCY_HIGH.name,),
    ),
    Column("In flight", requests.IN_PROGRESS.name, "none"),
)
"""A number with an alert is the one that the alert looks at, so that the two never say different things."""


def queries() -> dict[str, object]:
    """The queries as the page gets them."""
    return {
        "label": LABEL,
        "up": requests.UP.name,
        "columns": [asdict(column) for column in COLUMNS],
        "budget": slo.LEFT.name,
        "objectives": OBJECTIVES,
        "dashboard": DASHBOARD,
    }
