"""The pages about models, drift and accuracy, in a real browser on a Prometheus that knows such series."""

from __future__ import annotations

import pytest

from tests.servewatch.console.browser import Page
from tests.servewatch.console.look import SHOWN, SIZES, overflow

ROWS = "[...document.querySelectorAll('[aria-label=%s] tbody tr')].map(r => r.innerText.replace(/\\s+/g, ' '))"


@pytest.mark.parametrize("path", ["/", "/models", "/drift", "/accuracy", "/targets"])
def test_pages_with_data_fit_a_phone(page: Page, watched: str, path: str) -> None:
    """With data, too, no page is wider than the window, and nothing is thrown."""
    for width, height in SIZES.values():
        page.resize(width, height)
        page.open(watched + path)
        page.wait(SHOWN)
        assert overflow(page) == []
    assert [problem for problem in page.problems if "502" not in problem and "404" not in problem] == []


def test_home_counts_what_drifted(page: Page, watched: str) -> None:
    """The home page says how many features drifted, and leads to the window and the model where they are."""
    page.open(watched)
    tile = "[...document.querySelectorAll('.tile')].find(t => t.innerText.includes('features drifted'))"
    assert page.wait(f"{tile}?.innerText").split() == ["2", "features", "drifted"]
    page.ask(f"{tile}.click()")
    page.wait("location.pathname === '/drift' && document.activeElement?.tagName === 'MAIN'")
    assert page.ask("location.search") == "?service=shop&model=churn&model_version=2&window=1d"
    rows = page.wait(ROWS % "Features")
    assert [row.split(" (input) ")[1].split()[0] for row in rows[:2]] == ["drifted", "drifted"]


def test_drift_says_in_which_window_to_look(page: Page, watched: str) -> None:
    """Each window says how many features drifted in it; a model of which nothing is known leads to all of them."""
    page.open(f"{watched}/drift")
    windows = "[...document.querySelectorAll('[aria-label=Window] button')].map(b => b.textContent)"
    assert page.wait(windows) == ["1h1 drifted", "1d2 drifted"]
    page.open(f"{watched}/drift?model=gone&window=1d")
    page.wait("document.querySelector('main')?.innerText.includes('No feature of the model gone was watched')")
    page.ask("[...document.querySelectorAll('main a')].find(a => a.innerText === 'All models').click()")
    page.wait("location.search === '?window=1d' && document.querySelector('.shares') !== null")


def test_replicas_say_which_versions_they_run(page: Page, watched: str) -> None:
    """A replica that runs two versions shows both, and each version says that it is one of several."""
    page.open(f"{watched}/models")
    (replica,) = page.wait(ROWS % "Replicas")
    assert "shop up churn 1 churn 2" in replica
    newer = next(row for row in page.ask(ROWS % "Models") if row.startswith("churn 2"))
    assert "one of several" in newer
    assert "84.0% ± 2.0 of 1,200 labels" in newer
    assert "2 of 2 drifted" in newer


def test_drift_tells_too_few_rows_from_stable(page: Page, watched: str) -> None:
    """What drifted stands first, and a feature of few rows is neither drifted nor as learnt."""
    page.open(f"{watched}/drift")
    rows = page.wait(ROWS % "Features")
    assert [row.split(" (input) ")[0] for row in rows] == ["age", "income", "visits"]
    assert "drifted 200% 4,000 0.300" in rows[0]
    assert "as learnt 25% 4,000" in rows[1]
    assert "too few rows \u2013 40" in rows[2]


def test_live_rows_stand_beside_the_reference(page: Page, watched: str) -> None:
    """Of the chosen feature each bin has its share now and in the reference, and both sample sizes are told."""
    page.open(f"{watched}/drift")
    page.wait("document.querySelector('.shares') !== null")
    page.ask("[...document.querySelectorAll('.pick')].find(b => b.innerText.includes('income')).click()")
    page.wait("document.querySelector('.block h2').innerText === 'income (input) of churn'")
    assert "feature=income" in page.ask("location.search")
    assert "Live: 4,000 rows of the last 1h. Reference: 10,000 rows." in page.ask(
        "document.querySelector('.block').innerText"
    )
    bins = page.ask("[...document.querySelectorAll('.shares tbody tr')].map(r => r.innerText.split(/\\s+/).join(' '))")
    assert bins[0] == "00 10.0% 30.0% -20.0"
    assert bins[-1].startswith("missing 5.0% 5.0%")


def test_accuracy_is_held_against_its_limit(page: Page, watched: str) -> None:
    """An accuracy surely below its limit is called too low, and an estimate on drifted inputs not to be believed."""
    page.open(f"{watched}/accuracy")
    newer = next(row for row in page.wait(ROWS % "Models") if "churn 2" in row)
    assert "too low 84.0% ± 2.0 1,200 30.0% 90.0% ± 1.0" in newer
    assert "1 input drifted: not to be believed" in newer
    assert newer.endswith("93.0% 90.0%")


def test_an_empty_panel_says_why(page: Page, console: str) -> None:
    """The menu of a panel without data asks why, and the answer names what is missing."""
    page.resize(1400, 1900)
    page.open(f"{console}/d/sample")
    page.wait("document.querySelector('[aria-label=Empty][data-state=drawn]') !== null")
    page.ask("document.querySelector('[aria-label=\"Menu of Empty\"]').click()")
    page.ask("[...document.querySelectorAll('.popover button')].find(b=>b.innerText=='Why is it empty?').click()")
    page.wait("document.querySelector('dialog .why')?.innerText.startsWith('Empty now: ')")
    assert "metric missing" in page.ask("document.querySelector('dialog .why').innerText")
