"""Pictures of every page of a running console, and what is wrong there: `python -m tests.servewatch.console.look`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from servewatch.console.server import PAGES
from tests.servewatch.console.browser import Page, browser
from tests.servewatch.console.serving import read

SIZES = {"wide": (1400, 1000), "phone": (400, 850)}
THEMES = ("dark", "light")
SHOWN = (
    "document.querySelector('.banner, .stack > *, .panel[data-state], .card.link, .contents,"
    " .nothing, main > .notice') !== null && document.querySelector('[aria-busy], .loading') === null"
)
"""The page has got an answer, or has said why it has none."""

_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_CUT = """[...document.querySelectorAll('main *, header *, nav *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (!box.width || e.closest('.table-scroll, .tabs, svg, .u-wrap, .hidden-text')) return false;
  return box.right > document.documentElement.clientWidth + 1;
}).map(e => e.className || e.tagName).slice(0, 3)"""


def pages(url: str) -> list[str]:
    """Every address of the page, each dashboard among them."""
    boards = [f"/d/{entry['uid']}" for entry in read(f"{url}/api/dashboards")]
    return [*(path for path in PAGES if "{" not in path), *boards, "/nowhere"]


def overflow(page: Page) -> list[str]:
    """What is wider than the window."""
    wider = page.ask(_WIDER)
    return [f"{wider} pixels too wide", *page.ask(_CUT)] if wider > 0 else []


def looked_at(page: Page, url: str, folder: Path, allowed: tuple[str, ...] = ("/nowhere",)) -> Iterator[str]:
    """Take a picture of each page in each size and theme; give what is wrong with it."""
    for path in pages(url):
        for size, (width, height) in SIZES.items():
            for theme in THEMES:
                page.resize(width, height)
                name = f"{path.strip('/').replace('/', '-') or 'home'}-{size}-{theme}"
                found = [*_opened(page, f"{url}{path}?theme={theme}"), *overflow(page)]
                found += _unrolled(page, width)
                page.shoot(folder / f"{name}.png")
                said = [problem for problem in page.problems if not any(one in problem for one in allowed)]
                yield from (f"{name}: {one}" for one in (*found, *said))


def _opened(page: Page, address: str) -> list[str]:
    page.problems.clear()
    page.open(address)
    try:
        page.wait(SHOWN, 30)
    except AssertionError:
        waiting = page.ask("[...document.querySelectorAll('[aria-busy], .loading')].map(e => e.ariaLabel).slice(0, 4)")
        return [f"not drawn within 30 s; waits for {waiting}"]
    return []


def _unrolled(page: Page, width: int) -> list[str]:
    """Make the window as high as the page: panels are drawn once they are seen."""
    page.resize(width, min(page.ask("document.documentElement.scrollHeight"), 6000))
    inside = "e.checkVisibility() && e.getBoundingClientRect().top < innerHeight"
    waiting = f"[...document.querySelectorAll('.panel:not([data-state])')].filter(e => {inside})"
    try:
        page.wait(f"{SHOWN} && {waiting}.length === 0", 30)
    except AssertionError:
        return [f"not drawn within 30 s: {page.ask(f'{waiting}.map(e => e.ariaLabel)')}"]
    return []


@click.command()
@click.argument("url")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--allow", multiple=True, help="What the browser's log may say, such as 502 where a server is not there.")
def main(url: str, folder: Path, allow: tuple[str, ...]) -> None:
    """Write pictures of every page of the console at URL into FOLDER; exit code 1 if one is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, browser(Path(profile)) as page:
        found = list(looked_at(page, url.rstrip("/"), folder, ("/nowhere", *allow)))
    click.echo(json.dumps({"folder": str(folder), "wrong": found}, indent=1, ensure_ascii=False))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
