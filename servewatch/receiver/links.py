"""Where a notification leads: dashboards, Alertmanager, the runbook, a silence; in the console where there is one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from alerts.rules import RUNBOOK

Payload = Mapping[str, Any]
PAGES = {"console": "/", "dashboards": "/dashboards", "alerts": "/alerts", "runbook": "/runbook"}
"""What of the console can be reached from the top of the page."""


def places(payloads: Sequence[Payload], console: str = "") -> dict[str, str]:
    """Where to go from here, by what the links are called; without a console, as the newest notification knows it."""
    newest = payloads[-1] if payloads else {}
    beside = {"Alertmanager": text(newest, "externalURL")}
    if console:
        return {name: console + path for name, path in PAGES.items()} | beside
    told = [text(mapping(alert, "annotations"), "dashboard_url") for alert in alerts(newest)]
    boards = next((f"{url.scheme}://{url.netloc}/" for url in map(_split, told) if url and url.netloc), "")
    return {"dashboards": boards} | beside


def silence(payload: Payload, console: str = "") -> str:
    """The address that silences this group; nothing for the heartbeat and for what is over."""
    where, group = text(payload, "externalURL"), mapping(payload, "groupLabels")
    pairs = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(group.items()) if value]
    # Who silenced the heartbeat would not hear of a stack that has gone blind.
    if not pairs or heartbeat(payload) or payload.get("status") == "resolved":
        return ""
    if console:
        return f"{console}/silences?{urlencode([('match', pair) for pair in pairs])}"
    filtered = "{" + ",".join(pairs) + "}"
    return f"{where}/#/silences/new?filter={quote(filtered, safe='')}" if where else ""


def heartbeat(payload: Payload) -> bool:
    """Whether this is what always fires: it tells machines that the way is whole, and people nothing."""
    return text(mapping(payload, "commonLabels"), "severity") == "none"


def runbook(alert: Payload, console: str = "") -> str:
    """The alert's heading of the runbook; the console has that of our alerts, also without a network."""
    url = text(mapping(alert, "annotations"), "runbook_url")
    page, _, heading = url.partition("#")
    if not console or page != RUNBOOK:
        return url
    service = text(mapping(alert, "labels"), "service")
    asked = f"?{urlencode({'service': service})}" if service else ""
    return f"{console}/runbook{asked}#{quote(heading)}"


def alerts(payload: Payload) -> list[Payload]:
    """The alerts of a payload that are what they should be."""
    found = payload.get("alerts", ())
    return [alert for alert in found if isinstance(alert, Mapping)] if isinstance(found, Sequence) else []


def mapping(data: Payload, key: str) -> Payload:
    """The object under this key; an empty one where it is none."""
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def text(data: Payload, key: str) -> str:
    """The text under this key; an empty one where it is none."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
