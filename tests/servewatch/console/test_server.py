"""The console's server: pages, policy, dashboards."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from alerts import batching, requests
from servewatch.cli.console import console
from servewatch.console import create_console
from servewatch.console.errors import TokenInvalid
from servewatch.console.home import queries
from servewatch.console.server import PAGES
from servewatch.stack.errors import PortTaken
from tests.servewatch.console.serving import DIRECT, answers, read
from tests.servewatch.stack.stacks import wait_for

NOBODY = "http://127.0.0.1:9"
SAMPLE = Path(__file__).parent / "sample.json"


def client(folder: Path) -> TestClient:
    """A console over this folder of dashboards."""
    return TestClient(create_console(NOBODY, NOBODY, NOBODY, folder))


@pytest.mark.parametrize(
    "path", [*(path for path in PAGES if "{" not in path), "/d/servewatch-service", "/d/servewatch-service/slug"]
)
def test_every_address_of_the_page_can_be_reloaded(tmp_path: Path, path: str) -> None:
    """Each address that the page makes answers with the page."""
    answer = client(tmp_path).get(path)
    assert answer.status_code == 200
    assert "/static/app.js" in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/static/app.js", "/api/dashboards", "/nowhere", "/api/prometheus/-/quit", "/healthz"]
)
def test_policy_is_on_every_answer(tmp_path: Path, path: str) -> None:
    """Every answer says: scripts, styles, fonts and requests from the console itself only, nothing inline, no frame."""
    headers = client(tmp_path).get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "font-src", "connect-src")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_page_has_nothing_inline(tmp_path: Path) -> None:
    """The page keeps its own policy: no script, style or handler is written into it, no other host is named."""
    text = client(tmp_path).get("/").text
    assert "<style" not in text
    assert " on" not in text.replace(" on ", "")
    assert text.count("<script") == text.count('src="/static/')
    assert "http" not in text


def test_assets_are_revalidated_and_compressed(tmp_path: Path) -> None:
    """A new version shows at once, an unchanged one is not sent twice, and scripts travel compressed."""
    found = client(tmp_path)
    first = found.get("/static/app.js")
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["content-encoding"] == "gzip"
    assert found.get("/static/app.js", headers={"if-none-match": first.headers["etag"]}).status_code == 304


def test_dashboards_are_those_of_the_folder(tmp_path: Path) -> None:
    """A dashboard that is written into the folder is listed and given as it stands there."""
    found = client(tmp_path)
    assert found.get("/api/dashboards").json() == []
    (tmp_path / "sample.json").write_text(SAMPLE.read_text())
    (entry,) = found.get("/api/dashboards").json()
    assert (entry["uid"], entry["title"]) == ("sample", "Sample of all panels")
    assert found.get("/api/dashboards/sample").json() == json.loads(SAMPLE.read_text())


def test_unknown_dashboard_names_the_known(tmp_path: Path) -> None:
    """A uid that no file has is 404, with the uids that there are."""
    (tmp_path / "sample.json").write_text(SAMPLE.read_text())
    answer = client(tmp_path).get("/api/dashboards/smaple")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "there is no dashboard 'smaple'; there are: sample"


@pytest.mark.parametrize("text", ["{", "[]", '{"title": "x"}'])
def test_broken_file_is_named(tmp_path: Path, text: str) -> None:
    """A file that is no dashboard is an error that names the file."""
    (tmp_path / "broken.json").write_text(text)
    answer = client(tmp_path).get("/api/dashboards")
    assert answer.status_code == 500
    assert str(tmp_path / "broken.json") in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/server.py", "/api/dashboards/..%2fx"]
)
def test_no_other_file_is_served(tmp_path: Path, path: str) -> None:
    """No path leads out of the folder of assets."""
    assert client(tmp_path).get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/nowhere", "text/html,*/*;q=0.8", "text/html"),
        ("/nowhere", "*/*", "application/json"),
        ("/api/nowhere", "text/html", "application/json"),
        ("/static/nowhere.js", "text/html", "application/json"),
    ],
)
def test_unknown_address_is_a_page_for_browsers(tmp_path: Path, path: str, accept: str, kind: str) -> None:
    """A person who mistyped an address gets the page with status 404; a program gets the error as JSON."""
    answer = client(tmp_path).get(path, headers={"accept": accept})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith(kind)


def test_runbook_is_that_of_the_installed_alerts(tmp_path: Path) -> None:
    """The runbook's text has a heading for each alert, and the page learns which links lead to it."""
    found = client(tmp_path)
    text = found.get("/api/runbook").json()["text"]
    alerts = [*requests.ALERTS, *batching.ALERTS]
    assert all(f"\n## {alert.name}\n" in text for alert in alerts)
    where = found.get("/api/config").json()["runbook"]
    assert all(alert.runbook == f"{where}#{alert.name.lower()}" for alert in alerts)


def test_numbers_are_those_that_alerts_look_at(tmp_path: Path) -> None:
    """A column with an alert shows a series of the alert's own expression, and its limit."""
    columns = client(tmp_path).get("/api/config").json()["home"]["columns"]
    named = {alert.name: alert for alert in (*requests.ALERTS, *batching.ALERTS)}
    limited = [column for column in columns if column["limit"] is not None]
    assert [column["title"] for column in limited] == ["Errors", "p95"]
    for column in limited:
        alert = named[column["alerts"][0]]
        assert f"{column['expr']} > {column['limit']:g}\n" in alert.expr
    assert {name for column in columns for name in column["alerts"]} <= set(named)


def test_config_says_what_is_watched(tmp_path: Path) -> None:
    """The page learns the addresses and the home page's queries, which come from the recorded series."""
    answer = client(tmp_path).get("/api/config").json()
    assert answer["prometheus"] == NOBODY
    assert answer["home"] == json.loads(json.dumps(queries()))
    assert answer["home"]["up"] == "serving:up"


def test_command_asks_for_a_token_beyond_this_machine(tmp_path: Path) -> None:
    """Bound to every address, the command makes a token, prints it once, and answers only with it."""
    command = [sys.executable, "-m", "servewatch", "console", "--host", "0.0.0.0", "--port", "0"]
    with subprocess.Popen([*command, "--home", str(tmp_path)], stdout=subprocess.PIPE, text=True) as running:
        line = running.stdout.readline() if running.stdout else ""
        url = line.removeprefix("console: ").strip().replace("0.0.0.0", "127.0.0.1")
        bare, _, token = url.partition("?token=")
        assert len(token) == 32
        assert wait_for(lambda: answers(f"{bare}healthz"))
        with pytest.raises(urllib.error.HTTPError, match="401"):
            read(f"{bare}api/config")
        asked = urllib.request.Request(f"{bare}api/config", headers={"authorization": f"Bearer {token}"})
        with DIRECT.open(asked, timeout=10) as answer:
            assert answer.status == 200
        running.terminate()
        assert running.wait(20) in {0, -signal.SIGTERM}


@pytest.mark.parametrize("text", ["", "short", "a token with several words", "schlüssel-schlüssel"])
def test_command_refuses_a_weak_token(tmp_path: Path, text: str) -> None:
    """A file with a token that is short, has spaces or other letters is an error that names the file."""
    (tmp_path / "token").write_text(text)
    outcome = CliRunner().invoke(console, ["--token-file", str(tmp_path / "token")])
    assert isinstance(outcome.exception, TokenInvalid)
    assert str(tmp_path / "token") in outcome.exception.message


def test_healthz_needs_nobody_else(tmp_path: Path) -> None:
    """The console is healthy though nothing that it looks at answers."""
    assert client(tmp_path).get("/healthz").status_code == 200


def test_command_refuses_a_wrong_address() -> None:
    """`servewatch console` ends before it listens where an address is none, and says which."""
    outcome = CliRunner().invoke(console, ["--prometheus", "localhost:9090"])
    assert outcome.exit_code == 1
    assert "'localhost:9090'" in str(outcome.exception)


def test_command_says_that_a_port_is_taken() -> None:
    """A port that somebody listens on is an error that shows the address and the flag that changes it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        outcome = CliRunner().invoke(console, ["--port", str(port)])
    assert isinstance(outcome.exception, PortTaken)
    assert f"127.0.0.1:{port}" in outcome.exception.message
    assert "--port" in outcome.exception.help


def test_command_serves_and_prints_its_address(tmp_path: Path) -> None:
    """`servewatch console` answers at the address that it prints, until it is told to stop."""
    command = [sys.executable, "-m", "servewatch", "console", "--port", "0", "--dashboards", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        line = running.stdout.readline() if running.stdout else ""
        url = line.removeprefix("console: ").strip()
        assert wait_for(lambda: answers(f"{url}healthz"))
        running.terminate()
        assert running.wait(20) in {0, -signal.SIGTERM}
