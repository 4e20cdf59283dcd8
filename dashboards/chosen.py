"""The matchers by which panels follow the variables at the top of a dashboard."""

from __future__ import annotations

from alerts.promql import Match, like

RANGE = "$__rate_interval"
"""The window that fits the dashboard's resolution and the scrape interval."""

SERVICE: dict[str, str | Match] = {"service": like("$service")}
REPLICA: dict[str, str | Match] = SERVICE | {"instance": like("$instance")}
VERSION: dict[str, str | Match] = REPLICA | {"version": like("$version")}
