"""The receiver of notifications: what Alertmanager sends is kept, listed and shown."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from servewatch.receiver import Book, receiver_app
from servewatch.receiver.app import LARGEST
from servewatch.receiver.look import SCRIPT, STYLE
from servewatch.receiver.page import render
from tests.servewatch.console.browser import browser
from tests.servewatch.console.serving import served
from tests.servewatch.stack.stacks import free_port

RUNBOOK = "https://github.com/servewatch/servewatch/blob/main/alerts/runbook.md#servicedown"


def payload(status: str = "firing", service: str = "fashion", **annotations: str) -> dict[str, Any]:
    """A notification, with the fields and spellings of Alertmanager's webhook, version 4."""
    labels = {"alertname": "ServiceDown", "service": service, "severity": "page"}
    told = {"summary": f"{service} is down", "description": "Nobody answers.", "runbook_url": RUNBOOK, **annotations}
    alert = {
        "status": status,
        "labels": labels,
        "annotations": told,
        "startsAt": "2026-03-01T10:00:00.132Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-03-01T10:05:00.132Z",
        "generatorURL": "http://127.0.0.1:9090/graph?g0.expr=serving%3Aup",
        "fingerprint": "2178e882ebe19812",
    }
    return {
        "receiver": "stack",
        "status": status,
        "alerts": [alert],
        "groupLabels": {"service": service},
        "commonLabels": labels,
        "commonAnnotations": told,
        "externalURL": "http://127.0.0.1:9093",
        "version": "4",
        "groupKey": f'{{}}/{{}}:{{service="{service}"}}',
        "truncatedAlerts": 0,
    }


def client(book: Book | None = None) -> TestClient:
    now = lambda: datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)  # noqa: E731
    return TestClient(receiver_app(book if book is not None else Book(), now))


def test_notifications_are_listed_oldest_first_and_unchanged() -> None:
    """GET /notifications gives what came, in its order, with the time of receipt and nothing else added."""
    receiver = client()
    for sent in (payload(), payload("resolved")):
        assert receiver.post("/alerts", json=sent).status_code == 200
    listed = receiver.get("/notifications").json()
    assert [entry.pop("receivedAt") for entry in listed] == ["2026-03-01T10:00:05.000+00:00"] * 2
    assert listed == [payload(), payload("resolved")]


def test_page_shows_newest_first() -> None:
    """The page tells status, alert, service, summary, runbook and times, the newest on top."""
    receiver = client()
    receiver.post("/alerts", json=payload())
    receiver.post("/alerts", json=payload("resolved", service="other"))
    page = receiver.get("/").text
    assert page.index("other is down") < page.index("fashion is down")
    assert page.count("ServiceDown") == 2
    assert f'<a href="{RUNBOOK}" rel="noreferrer noopener">runbook</a>' in page
    since, until = (f"2026-03-01T10:0{minute}:00.132Z" for minute in (0, 5))
    assert f'since <time datetime="{since}">2026-03-01 10:00:00 UTC</time>' in page
    assert f', until <time datetime="{until}">2026-03-01 10:05:00 UTC</time>' in page
    assert '<article class="firing">' in page
    assert '<article class="resolved">' in page


def test_page_says_when_nothing_came() -> None:
    """Before the first notification the page says that there is none."""
    assert "Nothing came yet" in client().get("/").text


def test_foreign_text_is_escaped() -> None:
    """Markup in labels and annotations is shown, never run, and only web addresses become links."""
    receiver = client()
    evil = payload(service="<script>x</script>", summary="<img src=x>", runbook_url="javascript:alert(1)")
    receiver.post("/alerts", json=evil)
    page = receiver.get("/").text
    assert page.count("<script") == 1
    assert "<script>x" not in page
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page
    assert "javascript:" not in page


def test_page_links_the_dashboard_where_a_notification_names_it() -> None:
    """An annotation dashboard_url becomes a link beside the runbook; without one there is none."""
    linked = render([payload(dashboard_url="http://127.0.0.1:3002/d/servewatch-service?var-service=fashion")])
    assert '<a href="http://127.0.0.1:3002/d/servewatch-service?var-service=fashion" rel' in linked
    assert ">dashboard</a>" not in render([payload()])


def test_page_leads_to_dashboards_and_alertmanager() -> None:
    """At the top stand the console or Grafana and Alertmanager, as the newest notification names them."""
    page = render([payload(), payload(dashboard_url="http://127.0.0.1:3002/d/servewatch-service?var-service=fashion")])
    assert '<nav> <a href="http://127.0.0.1:3002/" rel="noreferrer noopener">dashboards</a>' in page
    assert '<a href="http://127.0.0.1:9093" rel="noreferrer noopener">Alertmanager</a></nav>' in page
    assert "<nav>" not in render([])
    odd = payload(dashboard_url="http://[odd") | {"externalURL": "javascript:alert(1)"}
    assert "<nav>" not in render([odd])


def test_what_fires_can_be_silenced_from_the_page() -> None:
    """A group that fires has a link to its silence at Alertmanager; one that is over and the heartbeat have none."""
    encoded = "%7Bservice%3D%22fashion%22%7D"
    assert f'href="http://127.0.0.1:9093/#/silences/new?filter={encoded}" rel' in render([payload()])
    assert "/silences/new" not in render([payload("resolved")])
    assert "/silences/new" not in render([payload() | {"commonLabels": {"alertname": "Watchdog", "severity": "none"}}])


def test_page_leads_to_the_console_where_there_is_one() -> None:
    """The runbook of our alerts, silences and the links at the top are the console's; another runbook is left alone."""
    page = TestClient(receiver_app(Book(), console="http://127.0.0.1:3002/"))
    page.post("/alerts", json=payload(service="a b"))
    page.post("/alerts", json=payload(runbook_url="https://example.org/own#x"))
    shown = page.get("/").text
    assert '<a href="http://127.0.0.1:3002/runbook?service=a+b#servicedown" rel' in shown
    assert '<a href="https://example.org/own#x" rel' in shown
    assert '<a href="http://127.0.0.1:3002/silences?match=service%3D%22fashion%22" rel' in shown
    for path in ("/", "/dashboards", "/alerts", "/runbook"):
        assert f'<a href="http://127.0.0.1:3002{path}" rel' in shown


def luminance(color: str) -> float:
    """The relative luminance of #rrggbb, as the accessibility guidelines compute it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("theme", "back"), [("light", "#ffffff"), ("dark", "#121212")])
def test_small_print_can_be_read(theme: str, back: str) -> None:
    """Grey, red and green texts have a contrast of at least 4.5 to the background, by day and by night."""
    first, second = re.findall(r":root \{([^}]*)\}", STYLE)
    colors = re.findall(r"--(soft|bad|good): (#[0-9a-f]{6});", first if theme == "light" else second)
    assert [name for name, _ in colors] == ["soft", "bad", "good"]
    for name, color in colors:
        light, dark = sorted((luminance(color), luminance(back)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, name


def test_page_allows_its_own_style_and_nothing_else() -> None:
    """The content security policy allows exactly the style and the script that are in the page: no frame, no fetch."""
    answer = client().get("/")
    policy = answer.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith("default-src 'none';")
    assert f"style-src 'sha256-{digest}'" in policy
    script = re.search(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert script is not None
    assert script[1] == SCRIPT
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()}';" in policy
    assert "unsafe" not in policy


def beat(status: str = "firing") -> dict[str, Any]:
    """What always fires, as Alertmanager sends it."""
    labels = {"alertname": "Watchdog", "severity": "none"}
    sent = payload(status) | {"commonLabels": labels, "groupLabels": {"alertname": "Watchdog"}}
    return sent | {"alerts": [sent["alerts"][0] | {"labels": labels}]}


def test_what_always_fires_stands_apart() -> None:
    """The heartbeat is no notification to people: it is told as a sign of life, once, and never as a fault."""
    page = render([beat(), payload(), beat()])
    assert "<title>Notifications (1)</title>" in page
    assert page.count("Watchdog") == 1
    assert '<article class="beat"><h2><b>sign of life</b> Watchdog</h2>' in page
    assert "It came 2 times, last" in page
    assert page.count('<article class="firing">') == 1
    assert "Nothing came yet" in render([beat()])


def test_a_heartbeat_that_ended_is_a_fault() -> None:
    """Where what must always fire has ended, the page says that no alert can come."""
    page = render([beat(), beat("resolved")])
    assert '<article class="blind"><h2><b>monitoring is blind</b> Watchdog</h2>' in page
    assert "no alert can come" in page
    assert "sign of life" in render([beat("resolved"), beat()])


def test_times_are_those_of_the_reader(tmp_path: Path) -> None:
    """In a browser the page's times are local, with the zone at the top and in the title of each."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not on PATH; on Debian: sudo apt-get install chromium")
    book = Book()
    book.add(payload(), "2026-03-01T10:00:05.000+00:00")
    config = uvicorn.Config(receiver_app(book), port=free_port(), log_level="error", ws="none")
    with served(config) as url, browser(tmp_path / "profile") as page:
        page.zone("Asia/Tokyo")
        page.open(url)
        page.wait("document.getElementById('zone')?.innerText === 'Asia/Tokyo'")
        assert page.ask("document.querySelector('h2 time').innerText") == "2026-03-01 19:00:05"
        assert page.ask("document.querySelector('h2 time').title") == "Asia/Tokyo; 2026-03-01 10:00:05 UTC"
        assert page.ask("document.querySelector('li time').innerText") == "2026-03-01 19:00:00"
        assert page.problems == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b"{}", b'{"alerts": 3}', b'{"alerts": [3]}', b"\xff"])
def test_other_bodies_are_refused_with_help(body: bytes) -> None:
    """What is no notification gets a 400 that says what is expected, and is not kept."""
    receiver = client()
    answer = receiver.post("/alerts", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_input"
    assert "webhook_configs" in answer.json()["error"]["help"]
    assert receiver.get("/notifications").json() == []


def test_huge_body_is_refused() -> None:
    """A body over the limit is answered with 413 and not kept."""
    receiver = client()
    assert receiver.post("/alerts", content=b" " * (LARGEST + 1)).status_code == 413
    assert receiver.get("/notifications").json() == []


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/alerts", 405), ("GET", "/nothing", 404)])
def test_unknown_routes_say_which_there_are(method: str, path: str, status: int) -> None:
    """A wrong route or method is answered as JSON with the routes that exist."""
    answer = client().request(method, path)
    assert answer.status_code == status
    assert "POST /alerts" in answer.json()["error"]["help"]


def test_odd_but_valid_payload_does_not_break_the_page() -> None:
    """Fields that are missing or of another type leave the page standing."""
    receiver = client()
    odd = {"alerts": [{}, {"labels": 3, "annotations": {"summary": 7}, "startsAt": None}], "groupLabels": []}
    assert receiver.post("/alerts", json=odd).status_code == 200
    assert receiver.get("/").status_code == 200


def test_health() -> None:
    """The receiver tells that it is there."""
    assert client().get("/healthz").text == "ok\n"


def test_book_survives_a_restart(tmp_path: Path) -> None:
    """A new book on the same file has what the old one kept."""
    file = tmp_path / "new" / "notifications.jsonl"
    Book(file).add(payload(), "2026-03-01T10:00:05+00:00")
    again = Book(file)
    again.add(payload("resolved"), "2026-03-01T10:05:05+00:00")
    assert [entry["status"] for entry in Book(file)] == ["firing", "resolved"]


def test_book_keeps_the_newest(tmp_path: Path) -> None:
    """Memory and file are bounded: the oldest go."""
    file = tmp_path / "notifications.jsonl"
    book = Book(file, kept=3)
    for number in range(20):
        book.add({"alerts": [], "number": number}, "now")
    assert [entry["number"] for entry in book] == [17, 18, 19]
    assert len(file.read_text().splitlines()) <= 6
    assert [entry["number"] for entry in Book(file, kept=3)] == [17, 18, 19]


def test_book_skips_damaged_lines(tmp_path: Path) -> None:
    """Half a line, as a killed process leaves it, costs that line and no other."""
    file = tmp_path / "notifications.jsonl"
    good = json.dumps({"alerts": [], "number": 1})
    file.write_text(f'{good}\n[]\n{{"alerts": 3}}\n{good[:10]}')
    book = Book(file)
    book.add({"alerts": [], "number": 2}, "now")
    assert [entry["number"] for entry in Book(file)] == [1, 2]
