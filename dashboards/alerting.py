"""Panels of alerts: how many fire, which, since when, and what happened before. Several dashboards show them."""

from __future__ import annotations

from alerts.promql import Expr, Match, aggregate, like, select
from alerts.stack import WATCHDOG
from dashboards import leads, panels, style, values
from dashboards.panels import Modern
from dashboards.values import Column
from monitoring.catalogue import stack

Matchers = dict[str, str | Match]

OF_SERVICES_AND_STACK: Matchers = {"service": like("$service|")}
"""The chosen services' alerts, and those of the stack itself, which are about no service."""

SILENT = "Rules do not run"
"""Where not even the alert that always fires does, nothing is known of the others."""

NOTHING_FIRES = "Nothing fires"

_TOLD: Matchers = {"severity": like("page|ticket")}
_KEY = ("severity", "alertname", "service")
_SEVERITIES = [
    {
        "type": "value",
        "options": {
            "page": {"text": "page", "color": style.BAD, "index": 0},
            "ticket": {"text": "ticket", "color": style.WARNING, "index": 1},
        },
    }
]


def count(title: str, severity: str, color: str, matchers: Matchers, leading: str = "") -> Modern:
    """How many alerts of this severity fire: 0 only where the alert that always fires shows that rules run."""
    firing = select(stack.ALERTS, alertstate="firing", severity=severity, **matchers)
    running = select(stack.ALERTS, alertname=WATCHDOG.name)
    return panels.stat(
        title,
        f"Alerts of the severity {severity} that fire now (ALERTS). From 1 on: the table of firing alerts leads to "
        f"each one's runbook. '{SILENT}': {WATCHDOG.name}, which always fires, does not; see {WATCHDOG.name} there.",
        f"count({firing}) or 0 * count({running})",
        "none",
        absent=SILENT,
        thresholds=[{"color": style.OK, "value": None}, {"color": color, "value": 1}],
        leads=leading,
    )


def firing(matchers: Matchers, service_board: str, share: int = 1) -> Modern:
    """The alerts that fire, since when, each with its runbook."""
    fired = select(stack.ALERTS, alertstate="firing", **_TOLD, **matchers)
    since = Expr(f"time() - {select(stack.ALERTS_SINCE, **_TOLD, **matchers)}", stack.ALERTS_SINCE.labels)
    which = f"{aggregate('max', _KEY, since)} and on ({', '.join(_KEY)}) {fired}"
    columns = dict(zip(_KEY, ("Severity", "Alert", "Service"), strict=True))
    return values.numbers(
        "Firing alerts",
        "What fires now and for how long the condition has held (ALERTS, ALERTS_FOR_STATE): pages cannot wait, "
        "tickets can until morning. An alert's name leads to its runbook, a service's to its dashboard.",
        columns,
        [Column("For", which, "dtdurations", 0)],
        NOTHING_FIRES,
        share=share,
        cells=[
            values.worded("Severity", _SEVERITIES),
            values.linked("Alert", leads.RUNBOOK_HEADING, "Runbook"),
            values.linked("Service", leads.board(service_board, service=leads.CLICKED), "Service"),
        ],
    )


def history(matchers: Matchers) -> Modern:
    """When each alert was pending and when it fired."""
    by = ("alertname", "service")
    fired = aggregate("max", by, select(stack.ALERTS, alertstate="firing", **_TOLD, **matchers))
    waited = aggregate("max", by, select(stack.ALERTS, alertstate="pending", **_TOLD, **matchers))
    return panels.timeline(
        "Alerts over time",
        "When each alert was pending, and when it fired (ALERTS). Often pending, never firing: it is near its limit.",
        f"2 * {fired} or {waited}",
        "{{alertname}} {{service}}",
        style.states(Firing=(2, style.BAD), Pending=(1, style.WARNING)),
        "Nothing fired",
    )
