"""Alertmanager's configuration: one notification per fault, to whatever channels are there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
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
TEMPLATES = "templates/*.tmpl"
"""What people read, in a folder beside the configuration: that of alerts/templates."""
TEST = "NotificationTest"
"""The alert that `servewatch alerts test` sends; its label `receiver` says to which channel."""

_SEVERITIES = ("page", "ticket", "none")
_ALIVE = {"group_wait": "0s", "group_interval": "1m", "repeat_interval": "1m"}
"""How often a dead man's switch is told that all is well."""

_AT_ONCE = {"group_wait": "0s", "group_by": ["alertname", "service", "test"]}
"""Each test is a group of its own: one that came before holds none back."""

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
        "templates": [TEMPLATES],
        "route": _route(found),
        "inhibit_rules": _inhibitions(),
        "receivers": _receivers(found, secrets, receiver, release),
    }
    return f"{HEADER.format(source='alerts/alertmanager.py')}\n{to_yaml(document)}"


def _for(severity: str, found: Sequence[Channel], owner: str = "") -> list[Channel]:
    owned = [channel for channel in found if channel.owner == owner]
    if severity == "none":
        return [channel for channel in owned if channel.machine]
    return [channel for channel in owned if not channel.machine and (severity == "page" or not channel.wakes)]


def _owners(found: Sequence[Channel]) -> list[str]:
    """Owners first, then those for whom none is: what no owner's channel takes falls to the default."""
    return [*sorted({channel.owner for channel in found if channel.owner}), ""]


def _routes(found: Sequence[Channel]) -> list[dict[str, Any]]:
    # Tests come first, so that what Alertmanager counts of one is that one channel's.
    routes: list[dict[str, Any]] = [
        {"receiver": channel.test, "matchers": [f'alertname="{TEST}"', f'receiver="{channel.test}"'], **_AT_ONCE}
        for channel in found
        if not channel.machine
    ]
    if routes:
        routes.append({"receiver": "stack", "matchers": [f'alertname="{TEST}"']})
    routes.append({"receiver": "stack", "continue": True})
    for owner in _owners(found):
        for severity in _SEVERITIES:
            if _for(severity, found, owner):
                matchers = [*([f'owner="{owner}"'] if owner else []), f'severity="{severity}"']
                often = _ALIVE if severity == "none" else {}
                routes.append({"receiver": _name(severity, owner), "matchers": matchers, **often})
    return routes


def _name(severity: str, owner: str) -> str:
    return f"{severity}-{owner}" if owner else severity


def _route(found: Sequence[Channel]) -> dict[str, Any]:
    routes = _routes(found)
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
    chosen = {
        _name(severity, owner): _for(severity, found, owner) for owner in _owners(found) for severity in _SEVERITIES
    }
    chosen |= {channel.test: [channel] for channel in found if not channel.machine}
    for name, several in chosen.items():
        entries: dict[str, Any] = {"name": name}
        for channel in several:
            key, entry = channel.config(secrets, release)
            entries.setdefault(key, []).append({"send_resolved": True, **entry})
        if len(entries) > 1:
            receivers.append(entries)
    return receivers


def templates() -> dict[str, str]:
    """The files of templates that the configuration reads, by name."""
    folder = files("alerts") / "templates"
    return {entry.name: entry.read_text() for entry in folder.iterdir() if entry.name.endswith(".tmpl")}


__all__ = [
    "NEWEST",
    "RECEIVER",
    "SECRETS",
    "TEMPLATES",
    "TEST",
    "Channel",
    "ChannelInvalid",
    "channels",
    "config",
    "templates",
]
