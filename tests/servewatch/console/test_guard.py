"""Who may look, and who may change: the token, its cookie, and requests of other sites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from servewatch.console import create_console
from serving.store import Store
from tests.servewatch.console.serving import served
from tests.servewatch.stack.stacks import free_port

NOBODY = "http://127.0.0.1:9"
TOKEN = "a-token-of-many-letters"
SILENCES = "/api/alertmanager/api/v2/silences"
ONE = "/api/alertmanager/api/v2/silence/2b5f4a5c-0000-4000-8000-000000000001"


@pytest.fixture
def guarded(tmp_path: Path) -> TestClient:
    """A console that asks for a token."""
    app = create_console(NOBODY, NOBODY, NOBODY, tmp_path, store=Store(tmp_path / "models"), token=TOKEN)
    return TestClient(app, base_url="http://console.example")


@pytest.mark.parametrize("path", ["/", "/alerts", "/static/app.js", "/api/config", "/api/models", SILENCES])
def test_nothing_is_shown_without_the_token(guarded: TestClient, path: str) -> None:
    """Without a token, or with a wrong one, every address answers 401 and with the policy's headers."""
    wrong = {"authorization": "Bearer a-token-of-many-letterS"}
    for answer in (guarded.get(path), guarded.get(f"{path}?token=wrong"), guarded.get(path, headers=wrong)):
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "token_missing"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_health_is_open(guarded: TestClient) -> None:
    """A supervisor has no token and still learns whether the console lives."""
    assert guarded.get("/healthz").status_code == 200


def test_a_person_is_told_where_the_token_is(guarded: TestClient) -> None:
    """A browser gets words rather than JSON."""
    answer = guarded.get("/alerts", headers={"accept": "text/html"})
    assert answer.status_code == 401
    assert "printed when it started" in answer.text


def test_token_in_the_address_becomes_a_cookie(guarded: TestClient) -> None:
    """The printed address leads on without its token, and from then on a cookie that scripts cannot read is enough."""
    answer = guarded.get(f"/alerts?state=firing&token={TOKEN}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?state=firing")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert TOKEN not in cookie
    assert guarded.get("/api/config").status_code == 200


def test_forged_cookie_is_refused(guarded: TestClient) -> None:
    """The token itself, put where the pass belongs, opens nothing."""
    answer = guarded.get(f"/alerts?token={TOKEN}", follow_redirects=False)
    name = answer.headers["set-cookie"].partition("=")[0]
    guarded.cookies.clear()
    assert guarded.get("/api/config", headers={"cookie": f"{name}={TOKEN}"}).status_code == 401


def test_token_leads_to_no_other_host(guarded: TestClient) -> None:
    """An address with two slashes is led on within the console."""
    answer = guarded.get(f"http://console.example//evil.example/x?token={TOKEN}", follow_redirects=False)
    assert answer.headers["location"] == "/evil.example/x"


def test_programs_send_the_token_as_a_header(guarded: TestClient) -> None:
    """`Authorization: Bearer` is enough."""
    assert guarded.get("/api/config", headers={"authorization": f"bearer {TOKEN}"}).status_code == 200


async def _echo(request: Request) -> Response:
    if request.method == "DELETE":
        return Response()
    return JSONResponse({"method": request.method, "path": request.url.path, "body": (await request.body()).decode()})


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """A server that says what it was asked, in place of Alertmanager."""
    app = Starlette(routes=[Route("/{path:path}", _echo, methods=["GET", "POST", "DELETE"])])
    with served(uvicorn.Config(app, port=free_port(), log_level="error", ws="none")) as url:
        yield url


@pytest.fixture
def client(upstream: str, tmp_path: Path) -> TestClient:
    """A console on this machine, without a token."""
    return TestClient(create_console(NOBODY, upstream, NOBODY, tmp_path), base_url="http://127.0.0.1:3002")


def test_silences_are_passed_on(client: TestClient) -> None:
    """A silence and its end reach Alertmanager as they were sent, from the page and from a program."""
    made = client.post(SILENCES, json={"comment": "x"}, headers={"origin": "http://127.0.0.1:3002"})
    assert made.json() == {"method": "POST", "path": "/api/v2/silences", "body": '{"comment":"x"}'}
    assert client.delete(ONE).json() == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:3003"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-type": "text/plain"},
        {"host": "evil.example:3002", "origin": "http://evil.example:3002"},
    ],
)
def test_other_sites_change_nothing(client: TestClient, headers: dict[str, str]) -> None:
    """What another site sends through a reader's browser is 403, also where its name is made to point here."""
    answer = client.post(SILENCES, content=b"{}", headers={"content-type": "application/json", **headers})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_request")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/prometheus/api/v1/query"),
        ("POST", "/api/alertmanager/api/v2/alerts"),
        ("DELETE", "/api/alertmanager/api/v2/silences"),
        ("DELETE", "/api/alertmanager/api/v2/silence/../alerts"),
        ("POST", "/api/receiver/notifications"),
        ("PUT", SILENCES),
    ],
)
def test_nothing_else_is_changed(client: TestClient, method: str, path: str) -> None:
    """No other write is passed on: the answer is 404."""
    assert client.request(method, path, json={}).status_code == 404


def test_large_silence_is_refused(client: TestClient) -> None:
    """A body that no silence has is an error, not memory."""
    answer = client.post(SILENCES, content=b" " * 70_000, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "silence_invalid")
