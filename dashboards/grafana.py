"""The files by which Grafana finds Prometheus and the dashboards when it starts."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from alerts.rules import HEADER, to_yaml

DATASOURCE_UID = "prometheus"
PROMETHEUS = "http://prometheus:9090"
SCRAPE_INTERVAL = "5s"
"""What Grafana takes for the scrape interval when it chooses `$__rate_interval`."""

DASHBOARDS = PurePosixPath("/etc/grafana/dashboards")


def files() -> dict[str, str]:
    """Give each file's path below Grafana's provisioning folder, and its text."""
    return {
        "datasources/prometheus.yml": _render({"datasources": [_datasource()]}),
        "dashboards/servewatch.yml": _render({"providers": [_provider()]}),
    }


def _render(document: dict[str, Any]) -> str:
    header = HEADER.format(source="dashboards/grafana.py")
    return f"{header}\n{to_yaml({'apiVersion': 1, **document})}"


def _datasource() -> dict[str, Any]:
    return {
        "name": "Prometheus",
        "uid": DATASOURCE_UID,
        "type": "prometheus",
        "access": "proxy",
        "url": PROMETHEUS,
        "isDefault": True,
        "editable": False,
        "jsonData": {"timeInterval": SCRAPE_INTERVAL, "httpMethod": "POST", "manageAlerts": False},
    }


def _provider() -> dict[str, Any]:
    return {
        "name": "servewatch",
        "folder": "servewatch",
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": str(DASHBOARDS)},
    }
