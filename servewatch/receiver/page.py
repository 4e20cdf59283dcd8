"""The receiver's page: what came, newest first. Every text in it comes from outside and is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from servewatch.receiver import links
from servewatch.receiver.links import Payload, mapping, text

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


def render(payloads: Sequence[Payload], console: str = "") -> str:
    """The whole page for these payloads, which come oldest first; its links lead to the console where there is one."""
    console = console.rstrip("/")
    entries = "\n".join(_notification(payload, console) for payload in reversed(payloads))
    nothing = "<p>Nothing came yet. When an alert fires, Alertmanager sends it here.</p>"
    count = "1 notification" if len(payloads) == 1 else f"{len(payloads)} notifications"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="10"><title>Notifications ({len(payloads)})</title><style>{STYLE}</style></head>
<body><header><h1>Notifications</h1><p>{count}, newest first; as JSON: <a href="notifications">notifications</a></p>
{_places(payloads, console)}</header><main>
{entries or nothing}
</main></body></html>
"""


def _places(payloads: Sequence[Payload], console: str) -> str:
    found = "".join(_link(url, name) for name, url in links.places(payloads, console).items())
    return f"<nav>{found}</nav>\n" if found else ""


def _notification(payload: Payload, console: str) -> str:
    status = "resolved" if payload.get("status") == "resolved" else "firing"
    alerts = links.alerts(payload)
    names = ", ".join(dict.fromkeys(text(mapping(alert, "labels"), "alertname") or "unnamed" for alert in alerts))
    service = text(mapping(payload, "groupLabels"), "service") or text(mapping(payload, "commonLabels"), "service")
    received = text(payload, "receivedAt")
    return (
        f'<article class="{status}"><h2><b>{status}</b> {escape(names)}'
        f"{f' <code>{escape(service)}</code>' if service else ''}"
        f" <time>{_time(received)}</time></h2><ul>{''.join(_alert(alert, console) for alert in alerts)}</ul>"
        f"{_link(links.silence(payload, console), 'silence')}</article>"
    )


def _alert(alert: Payload, console: str) -> str:
    labels, annotations = mapping(alert, "labels"), mapping(alert, "annotations")
    said = text(annotations, "summary") or text(labels, "alertname")
    parts = [escape(said)]
    if text(annotations, "description"):
        parts.append(f"<br>{escape(text(annotations, 'description'))}")
    parts.append(_link(links.runbook(alert, console), "runbook"))
    parts.append(_link(text(annotations, "dashboard_url"), "dashboard"))
    times = f"since {_time(text(alert, 'startsAt'))}"
    if alert.get("status") == "resolved":
        times += f", until {_time(text(alert, 'endsAt'))}"
    severity = text(labels, "severity")
    shown = f"{escape(severity)}, {times}" if severity else times
    return f'<li>{"".join(parts)}<p class="times">{shown}</p></li>'


def _link(url: str, name: str) -> str:
    # Only web addresses become links: an annotation may hold anything, also a script.
    if not url.startswith(("http://", "https://")):
        return ""
    return f' <a href="{escape(url)}" rel="noreferrer noopener">{name}</a>'


def _time(at: str) -> str:
    return f"{escape(at[:19].replace('T', ' '))} UTC" if at.endswith(("Z", "+00:00")) else escape(at)
