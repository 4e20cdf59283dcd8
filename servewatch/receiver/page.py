"""The receiver's page: what came, newest first. Every text in it comes from outside and is escaped."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #57606a; --bad: #c93030; --good: #1f7a45; }
@media (prefers-color-scheme: dark) { :root { --soft: #a3a8b0; --bad: #ff6b6b; --good: #4cc38a; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; } header p, .times { color: var(--soft); margin: 0; }
header { border-bottom: 1px solid var(--line); padding-bottom: .8rem; margin-bottom: 1.2rem; }
article { border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 6px;
  padding: .7rem 1rem; margin: 0 0 .8rem; }
article.resolved { border-left-color: var(--good); }
h2 { font-size: 1rem; margin: 0; display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; }
h2 b { color: var(--bad); font-size: .75rem; text-transform: uppercase; letter-spacing: .04em; }
.resolved h2 b { color: var(--good); } h2 time { margin-left: auto; font-weight: 400; color: var(--soft); }
ul { margin: .4rem 0 0; padding-left: 1.1rem; } li { margin: .2rem 0; } code { font-size: .85em; }
.times { font-size: .85rem; }
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

Payload = Mapping[str, Any]


def render(payloads: Sequence[Payload]) -> str:
    """The whole page for these payloads, which come oldest first."""
    entries = "\n".join(_notification(payload) for payload in reversed(payloads))
    nothing = "<p>Nothing came yet. When an alert fires, Alertmanager sends it here.</p>"
    count = "1 notification" if len(payloads) == 1 else f"{len(payloads)} notifications"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="10"><title>Notifications ({len(payloads)})</title><style>{STYLE}</style></head>
<body><header><h1>Notifications</h1><p>{count}, newest first; as JSON: <a href="notifications">notifications</a></p>
{_places(payloads)}</header><main>
{entries or nothing}
</main></body></html>
"""


def _places(payloads: Sequence[Payload]) -> str:
    """Where to go from here, as the newest notification knows it."""
    newest = payloads[-1] if payloads else {}
    told = [_text(_map(alert, "annotations"), "dashboard_url") for alert in _alerts(newest)]
    boards = next((f"{url.scheme}://{url.netloc}/" for url in map(_split, told) if url and url.netloc), "")
    links = _link(boards, "dashboards") + _link(_text(newest, "externalURL"), "Alertmanager")
    return f"<nav>{links}</nav>\n" if links else ""


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _silence(payload: Payload) -> str:
    """The address where Alertmanager silences this group; nothing for the heartbeat and for what is over."""
    where, group = _text(payload, "externalURL"), _map(payload, "groupLabels")
    pairs = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(group.items()) if value]
    # Who silenced the heartbeat would not hear of a stack that has gone blind.
    beat = _text(_map(payload, "commonLabels"), "severity") == "none"
    if not where or not pairs or beat or payload.get("status") == "resolved":
        return ""
    filtered = "{" + ",".join(pairs) + "}"
    return f"{where}/#/silences/new?filter={quote(filtered, safe='')}"


def _alerts(payload: Payload) -> list[Payload]:
    found = payload.get("alerts", ())
    return [alert for alert in found if isinstance(alert, Mapping)] if isinstance(found, Sequence) else []


def _notification(payload: Payload) -> str:
    status = "resolved" if payload.get("status") == "resolved" else "firing"
    alerts = _alerts(payload)
    names = ", ".join(dict.fromkeys(_text(_map(alert, "labels"), "alertname") or "unnamed" for alert in alerts))
    service = _text(_map(payload, "groupLabels"), "service") or _text(_map(payload, "commonLabels"), "service")
    received = _text(payload, "receivedAt")
    return (
        f'<article class="{status}"><h2><b>{status}</b> {escape(names)}'
        f"{f' <code>{escape(service)}</code>' if service else ''}"
        f" <time>{_time(received)}</time></h2><ul>{''.join(map(_alert, alerts))}</ul>"
        f"{_link(_silence(payload), 'silence')}</article>"
    )


def _alert(alert: Payload) -> str:
    labels, annotations = _map(alert, "labels"), _map(alert, "annotations")
    said = _text(annotations, "summary") or _text(labels, "alertname")
    parts = [escape(said)]
    if _text(annotations, "description"):
        parts.append(f"<br>{escape(_text(annotations, 'description'))}")
    parts.extend(_link(_text(annotations, f"{name}_url"), name) for name in ("runbook", "dashboard"))
    times = f"since {_time(_text(alert, 'startsAt'))}"
    if alert.get("status") == "resolved":
        times += f", until {_time(_text(alert, 'endsAt'))}"
    severity = _text(labels, "severity")
    shown = f"{escape(severity)}, {times}" if severity else times
    return f'<li>{"".join(parts)}<p class="times">{shown}</p></li>'


def _link(url: str, name: str) -> str:
    # Only web addresses become links: an annotation may hold anything, also a script.
    if not url.startswith(("http://", "https://")):
        return ""
    return f' <a href="{escape(url)}" rel="noreferrer noopener">{name}</a>'


def _map(data: Payload, key: str) -> Payload:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(data: Payload, key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _time(text: str) -> str:
    return f"{escape(text[:19].replace('T', ' '))} UTC" if text.endswith(("Z", "+00:00")) else escape(text)
