"""Where panels lead: other dashboards, with the time and what was clicked, and the runbook."""

from __future__ import annotations

from alerts.rules import RUNBOOK

CLICKED = "${__value.raw}"
"""The text of the cell that was clicked."""

RUNBOOK_HEADING = f"{RUNBOOK}#{CLICKED}"
"""The runbook's heading of the alert whose name was clicked."""


def board(uid: str, **values: str) -> str:
    """The address of a dashboard, which opens on the same time and with these values of its variables."""
    chosen = "".join(f"&var-{name}={value}" for name, value in values.items())
    return f"/d/{uid}?${{__url_time_range}}{chosen}"
