"""Alertmanager's configuration: one notification per fault, to whatever channels are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from alerts.batching import QUEUE_FULL
from alerts.channels import Channel, ChannelInvalid, channels
from alerts.requests import REQUEST_ERRORS_HIGH, REQUEST_LATENCY_HIGH, SERVICE_DOWN
from alerts.rules import HEADER, to_yaml

RECEIVER = "http://receiver:9095/alerts"
"""Where the stack's own receiver listens, in compose."""

SECRETS = PurePath("/run/secrets")
NEWEST = (0, 33)

_SEVERITIES = ("page", "ticket", "none")
_ALIVE = {"group_wait": "0s", "group_interval": "1m", "repeat_interval": "1m"}
"""How often a dead man's switch is told that all is well."""

_OF_A_SERVICE = 'service=~".+"'
"""Alerts without a service are equal in it to each other, and would silence each other."""


def config(
    found: Sequence[Channel] = (),
    secrets: PurePath = SECRETS,
    receiver: str = RECEIVER,
    release: tuple[int, int] = NEWEST,
) -> str:
    """Render the configuration; `secrets` is their folder and `receiver` the stack's own, as Alertmanager sees them."""
    document = {
        "global": {"resolve_timeout": "5m"},
        "route": _route(found),
        "inhibit_rules": _inhibitions(),
        "receivers": _receivers(found, secrets, receiver, release),
    }
    return f"{HEADER.format(source='alerts/alertmanager.py')}\n{to_yaml(document)}"


def _for(severity: str, found: Sequence[Channel]) -> list[Channel]:
    if severity == "none":
        return [channel for channel in found if channel.machine]
    return [channel for channel in found if not channel.machine and (severity == "page" or not channel.wakes)]


def _route(found: Sequence[Channel]) -> dict[str, Any]:
    routes: list[dict[str, Any]] = [{"receiver": "stack", "continue": True}]
    for severity in _SEVERITIES:
        if _for(severity, found):
            often = _ALIVE if severity == "none" else {}
            routes.append({"receiver": severity, "matchers": [f'severity="{severity}"'], **often})
    return {
        "receiver": "stack",
        # One fault is one alert, as its consequences are inhibited. Grouped by service alone, Prometheus's repeats of
        # what is over (for 15 minutes) would join the next fault's group and notify again.
        "group_by": ["service", "alertname"],
        "group_wait": "5s",
        "group_interval": "30s",
        "repeat_interval": "4h",
        "routes": routes,
    }


def _inhibitions() -> list[dict[str, Any]]:
    caused = "|".join(alert.name for alert in (REQUEST_ERRORS_HIGH, REQUEST_LATENCY_HIGH))
    return [
        _inhibit(f'alertname="{SERVICE_DOWN.name}"', f'alertname!="{SERVICE_DOWN.name}"'),
        _inhibit('severity="page"', 'severity="ticket"'),
        _inhibit(f'alertname="{QUEUE_FULL.name}"', f'alertname=~"{caused}"'),
    ]


def _inhibit(source: str, target: str) -> dict[str, Any]:
    return {"source_matchers": [source, _OF_A_SERVICE], "target_matchers": [target], "equal": ["service"]}


def _receivers(
    found: Sequence[Channel], secrets: PurePath, receiver: str, release: tuple[int, int]
) -> list[dict[str, Any]]:
    receivers: list[dict[str, Any]] = [{"name": "stack", "webhook_configs": [{"url": receiver, "send_resolved": True}]}]
    for severity in _SEVERITIES:
        entries: dict[str, Any] = {"name": severity}
        for channel in _for(severity, found):
            key, entry = channel.config(secrets, release)
            entries.setdefault(key, []).append({"send_resolved": True, **entry})
        if len(entries) > 1:
            receivers.append(entries)
    return receivers


__all__ = ["NEWEST", "RECEIVER", "SECRETS", "Channel", "ChannelInvalid", "channels", "config"]
