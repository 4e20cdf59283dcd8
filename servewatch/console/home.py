"""What the home page asks of Prometheus, from the same declarations that rules and dashboards come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from alerts import requests
from alerts.windows import LONG, SHORT

LABEL = "service"
DASHBOARD = "servewatch-service"


@dataclass(frozen=True)
class Column:
    """A number for each service; at `bad` and above it is shown in red."""

    title: str
    expr: str
    unit: str
    bad: float | None = None


COLUMNS = (
    Column("Replicas", requests.UP.name, "none"),
    Column("Requests", f"sum by ({LABEL}) ({requests.RATES[SHORT].name})", "reqps"),
    Column("Errors", requests.ERRORS[LONG].name, "percentunit", requests.REQUEST_ERRORS_HIGH.threshold),
    Column("p50", requests.LATENCY[50].name, "s"),
    Column("p95", requests.LATENCY[95].name, "s", requests.REQUEST_LATENCY_HIGH.threshold),
    Column("In flight", requests.IN_PROGRESS.name, "none"),
)


def queries() -> dict[str, object]:
    """The queries as the page gets them."""
    return {
        "label": LABEL,
        "up": requests.UP.name,
        "columns": [asdict(column) for column in COLUMNS],
        "dashboard": DASHBOARD,
    }
