"""Every page for who sees little, hears it, or uses the keyboard alone, measured in a real browser."""

from __future__ import annotations

import json

import pytest

from servewatch.console.server import PAGES
from tests.servewatch.console import accessible
from tests.servewatch.console.browser import Page
from tests.servewatch.console.look import SHOWN, SIZES, THEMES

OWN = [path for path in PAGES if "{" not in path]
PATHS = [*OWN, "/d/sample", "/nowhere"]
SOUND = {"h1": 1, "main": 1, "banner": 1, "nav": 0, "language": "en", "ids": [], "untitled": False}


def wrong(page: Page) -> list[str]:
    """What is too pale, has no words, or cannot be seen to have the focus."""
    pale = (accessible.PALE_TEXTS, accessible.PALE_SHARES, accessible.PALE_MARKS)
    return [found for script in (*pale, accessible.WORDLESS, accessible.UNSEEN_FOCUS) for found in page.ask(script)]


def opened(page: Page, address: str) -> None:
    """Go there, and wait until the page has its title and what it asks for."""
    page.open(address)
    page.wait(f"{SHOWN} && document.title !== 'servewatch'")


def walked(page: Page, url: str, paths: list[str], themes: tuple[str, ...] = THEMES) -> dict[str, list[str]]:
    """What is wrong at each of the addresses, in each theme; nothing where nothing is."""
    found = {}
    for address in (f"{path}?theme={theme}" for path in paths for theme in themes):
        opened(page, url + address)
        structure = page.ask(accessible.STRUCTURE)
        found[address] = [*wrong(page), *([] if structure == SOUND else [str(structure)])]
    return {address: problems for address, problems in found.items() if problems}


def test_every_page_can_be_read_and_heard(page: Page, console: str) -> None:
    """Texts have a contrast of 4.5, marks and the focus one of 3, charts have words, and each page one heading."""
    assert walked(page, console, PATHS) == {}


def test_pages_with_a_model_can_be_read_and_heard(page: Page, watched: str) -> None:
    """The same holds where the pages have a service, its drift and its labels to show."""
    assert walked(page, watched, ["/", "/models", "/drift", "/accuracy"]) == {}


def test_every_page_has_its_heading_where_nothing_answers(page: Page, blind: str) -> None:
    """Where no server answers the page still is one with a heading and parts, and its words can be read."""
    assert walked(page, blind, OWN, ("light",)) == {}


@pytest.mark.parametrize("theme", THEMES)
def test_the_shares_of_a_pie_can_be_read(page: Page, console: str, theme: str) -> None:
    """What stands on a slice has a contrast of 4.5 to it; were it of the slice's own colour, that would be found."""
    page.resize(1400, 3000)
    opened(page, f"{console}/d/sample?theme={theme}")
    page.wait("document.querySelector('.pie text') !== null")
    assert page.ask(accessible.PALE_SHARES) == []
    page.ask(
        "(e => e.style.fill = getComputedStyle(e.previousElementSibling).fill)(document.querySelector('.pie text'))"
    )
    assert len(page.ask(accessible.PALE_SHARES)) == 1


@pytest.mark.parametrize("path", ["/", "/alerts", "/d/sample"])
def test_the_tab_key_reaches_everything(page: Page, console: str, path: str) -> None:
    """As many presses of Tab as there are controls come to each of them once, on a phone's width too."""
    page.resize(*SIZES["phone"])
    opened(page, console + path)
    controls = page.ask(accessible.CONTROLS)
    page.ask("window.reached = new Set(); addEventListener('focusin', e => window.reached.add(e.target))")
    # What scrolls takes the focus between them.
    for _ in range(2 * controls):
        page.press("Tab")
    assert controls > 5
    assert (
        page.ask("[...window.reached].filter(e => e.matches('a, button, input, select, summary')).length") >= controls
    )


def test_long_words_of_a_stat_are_not_cut(page: Page, console: str) -> None:
    """Words that do not fit on one line at the smallest size take more lines, and none is hidden."""
    opened(page, f"{console}/d/sample")
    model = page.ask("fetch('/api/dashboards/sample').then(a => a.json())")
    words = "Not provided by TensorFlow Serving, nor by what stands before it"
    panel = {"id": 1, "type": "stat", "title": "Long", "gridPos": {"x": 0, "y": 0, "w": 3, "h": 4}}
    panel |= {"targets": [{"refId": "A", "expr": "vector(1) > 2"}], "fieldConfig": {"defaults": {"noValue": words}}}
    answer = f"Promise.resolve(new Response({json.dumps(json.dumps(model | {'uid': 'long', 'panels': [panel]}))}))"
    page.ask("window.original = window.fetch")
    page.ask(f"window.fetch = (u, o) => String(u).endsWith('s/long') ? {answer} : window.original(u, o)")
    page.ask("history.pushState(null, '', '/d/long'); window.dispatchEvent(new PopStateEvent('popstate'))")
    said = page.wait("document.querySelector('[aria-label=Long] .stat-value')?.innerText")
    assert said == words
    assert page.ask("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.stat-value'))")


def test_a_chart_says_its_latest_values(page: Page, console: str) -> None:
    """The words of a chart name its lines with their latest values, as its legend does."""
    page.resize(1400, 2400)
    opened(page, f"{console}/d/sample")
    words = "document.querySelector('.type-timeseries .chart')?.getAttribute('aria-label')"
    assert page.wait(words).startswith("Request rate by handler, chart over time, latest values: ")
    heat = page.wait("document.querySelector('.type-heatmap .chart')?.getAttribute('aria-label')")
    assert "heatmap over time, latest counts: " in heat
    states = page.wait("document.querySelector('.type-state-timeline .chart')?.getAttribute('aria-label')")
    assert "states over time, latest states: " in states
