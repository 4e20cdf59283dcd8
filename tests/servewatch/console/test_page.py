"""The page in a real browser, on a real Prometheus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servewatch.console.server import PAGES
from tests.servewatch.console.browser import Page
from tests.servewatch.console.look import SHOWN, SIZES, overflow
from tests.servewatch.stack.stacks import wait_for

SAMPLE = json.loads((Path(__file__).parent / "sample.json").read_text())
DRAWN = (
    "document.querySelectorAll('.panel').length > 20"
    " && document.querySelectorAll('.panel:not([data-state])').length <= 1"
)
"""All panels have their answer; the one in the folded row has not asked."""

PATHS = [*(path for path in PAGES if "{" not in path), "/d/sample", "/nowhere"]


def drawn(page: Page, url: str) -> None:
    """Open the sample dashboard and wait until its panels have answers."""
    page.resize(1400, 1900)
    page.open(url)
    page.wait(DRAWN)


def own(problems: list[str]) -> list[str]:
    """What the browser complained about, besides the servers that are not there."""
    return [problem for problem in problems if "502" not in problem and "/nowhere" not in problem]


def test_sample_is_drawn_whole(page: Page, console: str) -> None:
    """Every panel type of the sample is drawn, without a word in the browser's log and without a panel that failed."""
    drawn(page, f"{console}/d/sample")
    assert page.ask("document.querySelectorAll('.panel .notice, .badge.error:not([hidden])').length") == 0
    assert page.ask("document.querySelectorAll('.panel.type-timeseries canvas').length") == 5
    assert (
        page.ask("document.querySelectorAll('.panel.type-heatmap canvas, .panel.type-state-timeline canvas').length")
        == 2
    )
    assert page.ask("document.querySelectorAll('.panel.type-gauge svg path').length") >= 3
    assert page.ask("document.querySelectorAll('.panel.type-table tbody tr').length") == 2
    assert page.problems == []


def test_nothing_leaves_the_host(page: Page, console: str) -> None:
    """Every request of the page goes to the console's own address."""
    drawn(page, f"{console}/d/sample")
    assert len(page.requests) > 30
    assert [url for url in page.requests if not url.startswith((console, "data:", "about:"))] == []


def test_a_stack_that_has_just_started_says_so(page: Page, console: str) -> None:
    """In a Prometheus' first minutes a dashboard says how long it has recorded, and that empty panels are no fault."""
    page.open(f"{console}/d/sample")
    said = page.wait("document.querySelector('.young:not([hidden])')?.innerText")
    assert said.startswith("Just started: of the last hour Prometheus has recorded ")


def test_none_no_traffic_and_zero_are_told_apart(page: Page, console: str) -> None:
    """A panel says what it was told to say for no series and for NaN, and else `No data`."""
    drawn(page, f"{console}/d/sample")
    body = 'document.querySelector(`[aria-label="${name}"] .panel-body`).innerText.trim()'
    said = page.ask(f"['Nothing known', 'No traffic', 'Empty'].map(name => {body})")
    assert said == ["Not scraped", "No traffic", "No data"]


@pytest.mark.parametrize("path", PATHS)
def test_every_page_fits_and_is_quiet(page: Page, console: str, path: str) -> None:
    """At 1400 and at 400 pixels no page is wider than the window, and the browser's log is empty."""
    for width, height in SIZES.values():
        page.resize(width, height)
        page.open(console + path)
        page.wait(SHOWN)
        assert overflow(page) == []
    assert own(page.problems) == []


@pytest.mark.parametrize("path", PATHS)
def test_every_page_says_what_failed(page: Page, blind: str, path: str) -> None:
    """Where no server answers each page says so in words, fits a phone, and throws nothing."""
    page.resize(*SIZES["phone"])
    page.open(blind + path)
    page.wait(SHOWN)
    assert overflow(page) == []
    assert own(page.problems) == []
    if path not in {"/runbook", "/dashboards", "/nowhere", "/d/sample"}:
        assert "does not answer" in page.wait("document.querySelector('main .notice, main .banner')?.innerText")


@pytest.mark.parametrize("path", PATHS)
def test_everything_that_acts_has_a_name(page: Page, console: str, path: str) -> None:
    """Each button, link and field has words for who does not see it, on a phone too; each page has one main part."""
    page.resize(*SIZES["phone"])
    page.open(console + path)
    page.wait(SHOWN)
    named = "e.getAttribute('aria-label') || e.innerText?.trim() || e.title || e.closest('label')"
    seen = "[...document.querySelectorAll('button,a,select,input,textarea')].filter(e => e.checkVisibility())"
    assert page.ask(f"{seen}.filter(e => !({named})).length") == 0
    assert page.ask("document.querySelectorAll('main').length") == 1
    assert page.ask("document.querySelectorAll('svg:not([aria-hidden]):not([role=img])').length") == 0


def test_home_says_what_is_wrong(page: Page, console: str) -> None:
    """The home page names the alert that fires, the target that is down, and the servers that do not answer."""
    page.open(console)
    said = page.wait("document.querySelector('.banner')?.innerText")
    assert said.startswith("Nobody is notified of alerts")
    assert "does not answer" in said
    assert "Alertmanager at http://" in said
    assert page.ask("[...document.querySelectorAll('.tile-value')].map(e=>e.innerText)") == [
        "0/0",
        "1",
        "1/2",
        "\u2013",
        "\u2013",
        "?",
    ]


def test_alerts_have_their_runbook(page: Page, console: str) -> None:
    """A firing alert shows its summary and a link to its runbook; filters keep to the address."""
    page.open(f"{console}/alerts?state=firing")
    page.wait("document.querySelector('.card.alert .summary')?.innerText.includes('does not answer')")
    assert page.ask("document.querySelector('.card.alert a').href") == "https://example.org/#down"
    page.ask("[...document.querySelectorAll('.filters button')].find(b=>b.innerText.toLowerCase()=='pending').click()")
    page.wait("document.querySelector('.card.alert') === null && location.search === '?state=pending'")


def test_runbook_opens_at_its_heading(page: Page, console: str) -> None:
    """A link to an alert's heading shows that heading, with queries for the service in the address."""
    page.resize(1400, 600)
    page.open(f"{console}/runbook?service=churn#queuefull")
    top = "document.getElementById('queuefull')?.getBoundingClientRect().top"
    page.wait(f"{top} > 0 && {top} < 300")
    queries = page.ask("[...document.querySelectorAll('pre')].map(e => e.innerText).join()")
    assert 'service="churn"' in queries
    assert "fashion" not in queries
    page.ask("document.querySelector('.contents a').click()")
    page.wait("location.search === '?service=churn' && location.hash === '#servicedown'")
    assert own(page.problems) == []


def test_unknown_address_shows_the_ways_on(page: Page, console: str) -> None:
    """At an address that is none the page says so and leads home."""
    page.open(f"{console}/nowhere")
    assert "no page at /nowhere" in page.wait("document.querySelector('.nothing')?.innerText")
    page.ask("document.querySelector('.nothing a').click()")
    page.wait("location.pathname === '/' && document.querySelector('.banner') !== null")


def test_choice_goes_into_address_and_queries(page: Page, console: str) -> None:
    """A value picked by keyboard and pointer changes the address and what is asked; Escape gives the focus back."""
    drawn(page, f"{console}/d/sample")
    page.ask("document.querySelector('.variable-value').click()")
    page.wait("document.querySelector('.popover [role=option][data-value=prometheus]') !== null")
    page.ask("document.querySelector('.popover [role=option][data-value=prometheus]').click()")
    page.requests.clear()
    page.press("Escape")
    page.wait("location.search.includes('var-job=prometheus')")
    page.wait("document.querySelector('.variable-text').innerText === 'prometheus'")
    wait_for(lambda: any("job%3D%7E%22prometheus%22" in url for url in page.requests))
    assert page.ask("document.activeElement.className") == "variable-value"


def test_value_that_is_not_there_stays_chosen(page: Page, console: str) -> None:
    """An address with a value that no series has asks for that value, and never shows all the others in its place."""
    page.open(f"{console}/d/sample?var-job=nosuch")
    page.wait("document.querySelector('.variable-text')?.innerText === 'nosuch (unknown)'")
    wait_for(lambda: any("job%3D%7E%22nosuch%22" in url for url in page.requests))
    assert page.ask("location.search") == "?var-job=nosuch"


def test_focus_returns_to_the_time_picker(page: Page, console: str) -> None:
    """A range chosen by keyboard leaves the focus on the button that opened the choice, which says the new range."""
    drawn(page, f"{console}/d/sample")
    button = "document.querySelector('.time-controls [aria-haspopup=dialog]')"
    page.ask(f"{button}.focus()")
    page.press("Enter")
    page.wait("document.querySelector('.popover')?.contains(document.activeElement)")
    page.ask("[...document.querySelectorAll('.popover .option')].find(b => b.innerText === 'Last 3 hours').focus()")
    page.press("Enter")
    page.wait(f"document.activeElement === {button} && document.activeElement.innerText.trim() === 'Last 3 hours'")
    assert page.ask("location.search") == "?from=now-3h&to=now"


def test_escape_leaves_a_panel_that_is_viewed_alone(page: Page, console: str) -> None:
    """Escape and the button above the panel lead back to the dashboard, and to the panel that was looked at."""
    menu = "document.querySelector('[aria-label=\"Menu of Request rate\"]')"
    for leave in (lambda: page.press("Escape"), lambda: page.ask("document.querySelector('.way button').click()")):
        drawn(page, f"{console}/d/sample")
        page.ask(f"{menu}.click()")
        page.ask("[...document.querySelectorAll('.popover button')].find(b=>b.innerText=='View alone').click()")
        page.wait("location.search.includes('viewPanel') && document.querySelectorAll('.panel').length === 1")
        leave()
        page.wait("!location.search.includes('viewPanel') && document.querySelectorAll('.panel').length > 20")
        page.wait(f"document.activeElement === {menu}")
        assert page.ask("document.querySelectorAll('.way').length") == 0


def test_escape_closes_what_is_open_above_a_panel_first(page: Page, console: str) -> None:
    """Where a menu is open above a panel that is viewed alone, Escape closes the menu and stays."""
    page.open(f"{console}/d/sample?viewPanel=3")
    page.wait("document.querySelector('.alone .panel[data-state=drawn]') !== null")
    page.ask("document.querySelector('.alone .menu-button').click()")
    page.wait("document.querySelector('.popover') !== null")
    page.press("Escape")
    page.wait("document.querySelector('.popover') === null")
    assert "viewPanel=3" in page.ask("location.search")


def test_zoom_by_dragging(page: Page, console: str) -> None:
    """Dragging over a chart makes what was dragged over the dashboard's range."""
    drawn(page, f"{console}/d/sample")
    box = "document.querySelector('.type-timeseries .u-over').getBoundingClientRect()"
    left, top, width = page.ask(f"(b=>[b.left,b.top,b.width])({box})")
    page.drag((left + width * 0.5, top + 30), (left + width * 0.9, top + 30))
    page.wait("/from=\\d{13}&to=\\d{13}/.test(location.search)")
    start, end = page.ask("['from','to'].map(n=>Number(new URLSearchParams(location.search).get(n)))")
    assert end - start == pytest.approx(300_000 * 0.4, rel=0.05)


def test_crosshair_is_shared(page: Page, console: str) -> None:
    """The pointer over one chart moves the crosshair of the others, and opens a tooltip on its own."""
    drawn(page, f"{console}/d/sample")
    left, top, width = page.ask(
        "(b=>[b.left,b.top,b.width])(document.querySelector('.type-timeseries .u-over').getBoundingClientRect())"
    )
    page.move((left + width * 0.5, top + 20))
    page.move((left + width * 0.98, top + 20))
    page.wait("[...document.querySelectorAll('.tip')].filter(t=>!t.hidden).length === 1")
    moved = page.ask(
        "[...document.querySelectorAll('.u-cursor-x')].filter(c=>/translate\\((?!-)/.test(c.style.transform)).length"
    )
    assert moved >= 4


def test_row_folds_and_opens(page: Page, console: str) -> None:
    """A folded row asks nothing; opened by its button it draws its panels."""
    drawn(page, f"{console}/d/sample")
    assert page.ask("document.querySelector('[aria-label=Inside]').dataset.state") is None
    page.ask("[...document.querySelectorAll('.row-button')].find(b=>b.getAttribute('aria-expanded')=='false').click()")
    page.ask("window.scrollTo(0, 99999)")
    page.wait("document.querySelector('[aria-label=Inside]').dataset.state === 'drawn'")


def test_data_stands_behind_a_panel(page: Page, console: str) -> None:
    """A panel's menu shows its queries as they were run and its series as a table."""
    drawn(page, f"{console}/d/sample")
    page.ask("document.querySelector('[aria-label=\"Menu of Request rate\"]').click()")
    page.ask("[...document.querySelectorAll('.popover button')].find(b=>b.innerText=='Data and queries').click()")
    said = page.wait("document.querySelector('dialog[open]')?.innerText")
    assert "sum(rate(prometheus_http_requests_total[4s]))" in said
    assert "Samples" in said


def test_unknown_panel_and_failed_query_say_so(page: Page, console: str, tmp_path: Path) -> None:
    """An unknown panel type gets a notice, and a query that Prometheus refuses shows Prometheus' words on its panel."""
    drawn(page, f"{console}/d/sample")
    page.ask("window.original = window.fetch")
    broken = json.dumps(
        SAMPLE
        | {
            "uid": "broken",
            "panels": [
                {"id": 1, "type": "candlestick", "title": "Odd", "gridPos": {"x": 0, "y": 0, "w": 8, "h": 6}},
                {
                    "id": 2,
                    "type": "timeseries",
                    "title": "Wrong",
                    "gridPos": {"x": 8, "y": 0, "w": 8, "h": 6},
                    "targets": [{"refId": "A", "expr": "rate("}],
                },
            ],
        }
    )
    answer = f"Promise.resolve(new Response({json.dumps(broken)}))"
    page.ask(f"window.fetch = (u, o) => String(u).endsWith('s/broken') ? {answer} : window.original(u, o)")
    page.ask("history.pushState(null, '', '/d/broken'); window.dispatchEvent(new PopStateEvent('popstate'))")
    page.wait("document.querySelectorAll('.panel .notice').length === 2")
    odd, wrong = page.ask("[...document.querySelectorAll('.panel .notice')].map(n=>n.innerText)")
    assert "does not draw panels of type 'candlestick'" in odd
    assert "parse error" in wrong


def test_numbers_of_a_legend_are_not_cut(page: Page, console: str) -> None:
    """A legend beside its chart that scrolls has room for its scroll bar beside its numbers."""
    drawn(page, f"{console}/d/sample")
    queries = [f"vector({number}.1)" for number in range(30)]
    targets = [
        {"refId": f"A{at}", "expr": query, "legendFormat": f"series with a long name {at}"}
        for at, query in enumerate(queries)
    ]
    legend = {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"]}
    panel = {"id": 1, "type": "timeseries", "title": "Many", "gridPos": {"x": 0, "y": 0, "w": 8, "h": 9}}
    panel |= {"targets": targets, "options": {"legend": legend}}
    answer = f"Promise.resolve(new Response({json.dumps(json.dumps(SAMPLE | {'uid': 'many', 'panels': [panel]}))}))"
    page.ask("window.original = window.fetch")
    page.ask(f"window.fetch = (u, o) => String(u).endsWith('s/many') ? {answer} : window.original(u, o)")
    page.ask("history.pushState(null, '', '/d/many'); window.dispatchEvent(new PopStateEvent('popstate'))")
    page.wait("document.querySelectorAll('.legend tbody tr').length === 30")
    whole, inside, wide = page.ask(
        "(e => [e.offsetWidth, e.clientWidth, e.scrollWidth])(document.querySelector('.legend'))"
    )
    assert whole > inside
    assert wide <= inside
