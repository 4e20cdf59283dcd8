"""The receiver's page: what came, newest first. Every text in it comes from outside and is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from servewatch.receiver import links
from servewatch.receiver.links import Payload, mapping, text
from servewatch.receiver.look import SCRIPT, STYLE


def render(payloads: Sequence[Payload], console: str = "") -> str:
    """The whole page for these payloads, which come oldest first; its links lead to the console where there is one."""
    console = console.rstrip("/")
    beats = [payload for payload in payloads if links.heartbeat(payload)]
    news = [payload for payload in payloads if not links.heartbeat(payload)]
    entries = "\n".join(_notification(payload, console) for payload in reversed(news))
    nothing = "<p>Nothing came yet. When an alert fires, Alertmanager sends it here.</p>"
    count = "1 notification" if len(news) == 1 else f"{len(news)} notifications"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="10"><title>Notifications ({len(news)})</title><style>{STYLE}</style></head>
<body><header><h1>Notifications</h1><p>{count}, newest first; as JSON: <a href="notifications">notifications</a>.
Times in <span id="zone">UTC</span>.</p>
{_places(payloads, console)}</header><main>
{_sign_of_life(beats, console)}{entries or nothing}
</main><script>{SCRIPT}</script></body></html>
"""


def _sign_of_life(beats: Sequence[Payload], console: str) -> str:
    """What always fires, apart from the news: that it came is good, and that it ended is not."""
    if not beats:
        return ""
    last = beats[-1]
    came = f"It came {'once' if len(beats) == 1 else f'{len(beats)} times'}, last"
    if last.get("status") == "resolved":
        kind, tag = "blind", "monitoring is blind"
        said = "It must always fire, and has ended: Prometheus is not heard any more, so no alert can come."
    else:
        kind, tag = "beat", "sign of life"
        said = "It always fires, and is no fault: that it comes shows that alerts reach this page."
    at = f"<time{_when(text(last, 'receivedAt'))}</time>"
    runbook = "".join(_link(links.runbook(alert, console), "runbook") for alert in links.alerts(last)[:1])
    heading = f"<h2><b>{tag}</b> {escape(_names(last))}</h2>"
    return f'<article class="{kind}">{heading}<p class="times">{said} {came} {at}.{runbook}</p></article>\n'


def _places(payloads: Sequence[Payload], console: str) -> str:
    found = "".join(_link(url, name) for name, url in links.places(payloads, console).items())
    return f"<nav>{found}</nav>\n" if found else ""


def _notification(payload: Payload, console: str) -> str:
    status = "resolved" if payload.get("status") == "resolved" else "firing"
    alerts = links.alerts(payload)
    service = text(mapping(payload, "groupLabels"), "service") or text(mapping(payload, "commonLabels"), "service")
    received = text(payload, "receivedAt")
    return (
        f'<article class="{status}"><h2><b>{status}</b> {escape(_names(payload))}'
        f"{f' <code>{escape(service)}</code>' if service else ''}"
        f" <time{_when(received)}</time></h2><ul>{''.join(_alert(alert, console) for alert in alerts)}</ul>"
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
    times = f"since <time{_when(text(alert, 'startsAt'))}</time>"
    if alert.get("status") == "resolved":
        times += f", until <time{_when(text(alert, 'endsAt'))}</time>"
    severity = text(labels, "severity")
    shown = f"{escape(severity)}, {times}" if severity else times
    return f'<li>{"".join(parts)}<p class="times">{shown}</p></li>'


def _link(url: str, name: str) -> str:
    # Only web addresses become links: an annotation may hold anything, also a script.
    if not url.startswith(("http://", "https://")):
        return ""
    return f' <a href="{escape(url)}" rel="noreferrer noopener">{name}</a>'


def _names(payload: Payload) -> str:
    found = (text(mapping(alert, "labels"), "alertname") or "unnamed" for alert in links.alerts(payload))
    return ", ".join(dict.fromkeys(found))


def _when(at: str) -> str:
    """The rest of a time's tag and what stands in it: in UTC, for who has no script, and what it is to a program."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return f">{escape(at)}"
    if moment.tzinfo is None:
        return f">{escape(at)}"
    return f' datetime="{escape(at)}">{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC'
