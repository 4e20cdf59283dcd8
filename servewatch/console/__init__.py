"""The web console: the dashboards that Grafana gets, a home page and an alerts page, drawn without Grafana."""

from __future__ import annotations

from servewatch.console.server import create_console

__all__ = ["create_console"]
