"""Silences through the console, on a real Alertmanager."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from servewatch.console import create_console
from serving.store import Store
from tests.servewatch.console.browser import Page
from tests.servewatch.console.serving import answers, read, served
from tests.servewatch.stack.stacks import free_port, wait_for

FORM = (
    "(() => { const f = document.querySelector('form'), set = (e, v) => { e.value = v;"
    " e.dispatchEvent(new Event('input', {bubbles: true})) };"
    " const [lasts, by, comment] = f.querySelectorAll('input'); set(lasts, '30m'); set(by, 'Ada'); set(comment, %s);"
    " f.requestSubmit(); return true })()"
)


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Alertmanager that knows one alert."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("Alertmanager is not on PATH; on Debian: sudo apt-get install prometheus-alertmanager")
    folder, port = tmp_path_factory.mktemp("alertmanager"), free_port()
    (folder / "config.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    argv = [program, f"--config.file={folder}/config.yml", f"--storage.path={folder}/data", "--cluster.listen-address="]
    argv += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    running = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(f"{url}/-/ready"))
        amtool("alert", "add", "QueueFull", "service=fashion", url=url)
        wait_for(lambda: read(f"{url}/api/v2/alerts"))
        yield url
    finally:
        running.terminate()
        running.wait(20)


def amtool(*words: str, url: str) -> str:
    """What Alertmanager's own tool says."""
    program = shutil.which("amtool")
    if program is None:
        pytest.skip("amtool is not on PATH; on Debian: sudo apt-get install prometheus-alertmanager")
    return subprocess.run(
        [program, *words, f"--alertmanager.url={url}"], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def managed(alertmanager: str, tmp_path: Path) -> Iterator[str]:
    """The address of a console before that Alertmanager."""
    nobody = f"http://127.0.0.1:{free_port()}"
    app = create_console(nobody, alertmanager, nobody, tmp_path, store=Store(tmp_path / "models"))
    with served(uvicorn.Config(app, port=free_port(), log_level="error", ws="none")) as url:
        yield url


def test_silence_is_made_and_ended(page: Page, managed: str, alertmanager: str) -> None:
    """A silence made on the page is one to amtool, says what it quiets, and is ended by its button."""
    page.resize(1400, 1000)
    page.open(f'{managed}/silences?match=alertname%3D"QueueFull"')
    page.wait(
        "document.querySelector('form [role=status]')?.innerText === 'Would quiet one alert that fires now: QueueFull'"
    )
    page.ask(FORM % json.dumps("a larger queue comes"))
    page.wait("document.querySelector('.card.silence')?.innerText.includes('Quiets now: QueueFull')")
    (told,) = json.loads(amtool("silence", "query", "--output=json", url=alertmanager))
    assert (told["createdBy"], told["comment"]) == ("Ada", "a larger queue comes")
    assert told["matchers"] == [{"name": "alertname", "value": "QueueFull", "isRegex": False, "isEqual": True}]
    page.ask("document.querySelector('.card.silence button').click()")
    page.wait("document.querySelector('[aria-label=Ended] .card.silence') !== null")
    assert json.loads(amtool("silence", "query", "--output=json", url=alertmanager)) == []
    assert page.problems == []


def test_silence_of_amtool_is_shown(page: Page, managed: str, alertmanager: str) -> None:
    """A silence that amtool made is on the page, with its author, its reason and what it would quiet."""
    amtool("silence", "add", "service=~fash.*", "--author=Grace", "--comment=moving", "--duration=1h", url=alertmanager)
    page.open(f"{managed}/silences")
    said = page.wait("document.querySelector('[aria-label=Silences] .card.silence')?.innerText")
    assert 'service=~"fash.*"' in said
    assert "Grace" in said
    assert "moving" in said


def test_silence_of_everything_is_refused(page: Page, managed: str, alertmanager: str) -> None:
    """The page sends no silence that would hide every alert, and none without a reason."""
    before = len(read(f"{alertmanager}/api/v2/silences"))
    page.open(f'{managed}/silences?match=alertname%3D~".%2B"')
    page.wait("document.querySelector('form') !== null")
    page.ask(FORM % json.dumps("quiet"))
    assert "fit every alert" in page.wait("document.querySelector('form [role=alert]')?.innerText")
    assert len(read(f"{alertmanager}/api/v2/silences")) == before
