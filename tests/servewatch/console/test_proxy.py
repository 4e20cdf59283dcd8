"""What the console passes on, and what it says where nobody answers."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from servewatch.console import create_console
from servewatch.console.errors import SourceInvalid
from servewatch.console.proxy import upstreams
from tests.servewatch.console.serving import served
from tests.servewatch.stack.stacks import free_port

ALLOWED = (
    "prometheus/api/v1/query",
    "prometheus/api/v1/query_range",
    "prometheus/api/v1/query_exemplars",
    "prometheus/api/v1/series",
    "prometheus/api/v1/labels",
    "prometheus/api/v1/label/job/values",
    "prometheus/api/v1/label/__name__/values",
    "prometheus/api/v1/rules",
    "prometheus/api/v1/alerts",
    "prometheus/api/v1/targets",
    "alertmanager/api/v2/alerts",
    "alertmanager/api/v2/silences",
    "receiver/notifications",
)
REFUSED = (
    "prometheus/api/v1/admin/tsdb/delete_series",
    "prometheus/api/v1/status/config",
    "prometheus/-/reload",
    "prometheus/-/quit",
    "prometheus/metrics",
    "prometheus/api/v1/query/../admin",
    "prometheus/api/v1/label/a%2Fb/values",
    "prometheus//api/v1/query",
    "alertmanager/api/v2/silence/2b5f4a5c-0000-4000-8000-000000000001",
    "alertmanager/api/v2/status",
    "receiver/alerts",
    "nobody/api/v1/query",
)

SPECIAL = ("/rules", "/targets", "/series", "/labels")
"""Paths at which the server below says something of its own."""


async def _echo(request: Request) -> Response:
    path = request.url.path
    if path.endswith("/rules"):
        return PlainTextResponse("<html>somebody else</html>")
    if path.endswith("/targets"):
        return RedirectResponse("http://127.0.0.1:9/elsewhere")
    if path.endswith("/labels"):
        return JSONResponse({"authorization": request.headers.get("authorization")})
    if path.endswith("/series"):
        return JSONResponse({"status": "error", "error": "no match[]"}, 400)
    return JSONResponse({"path": path, "query": request.url.query, "cookie": request.headers.get("cookie")})


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """A server that says what it was asked, in place of all three."""
    methods = ["GET", "POST", "PUT", "DELETE", "PATCH"]
    app = Starlette(routes=[Route("/{path:path}", _echo, methods=methods)])
    with served(uvicorn.Config(app, port=free_port(), log_level="error", ws="none")) as url:
        yield url


@pytest.fixture
def client(upstream: str, tmp_path: Path) -> Iterator[TestClient]:
    """A console before that server."""
    with TestClient(create_console(upstream, upstream, f"{upstream}/", tmp_path)) as found:
        yield found


@pytest.mark.parametrize(
    "path", [path for path in ALLOWED if not path.endswith(("/rules", "/targets", "/series", "/labels"))]
)
def test_reads_are_passed_on(client: TestClient, path: str) -> None:
    """Each path of the list reaches its server with its query as it was, and without the reader's cookies."""
    answer = client.get(f"/api/{path}?query=up%7Ba%3D%22%2B%22%7D&match[]=x", headers={"cookie": "secret=1"})
    assert answer.status_code == 200
    assert answer.json()["path"] == "/" + path.split("/", 1)[1]
    assert answer.json()["query"] == "query=up%7Ba%3D%22%2B%22%7D&match[]=x"
    assert answer.json()["cookie"] is None


@pytest.mark.parametrize("path", REFUSED)
def test_everything_else_is_not_there(client: TestClient, path: str) -> None:
    """What is not on the list is 404 and reaches no server."""
    answer = client.get(f"/api/{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["prometheus/api/v1/query", "alertmanager/api/v2/alerts", "prometheus/-/reload"])
def test_nothing_is_written(client: TestClient, method: str, path: str) -> None:
    """Silences aside, no method but GET reaches a server: the answer is 404."""
    assert client.request(method, f"/api/{path}").status_code == 404


def test_upstreams_own_errors_come_through(client: TestClient) -> None:
    """Prometheus' answer to a wrong query reaches the page as it is."""
    answer = client.get("/api/prometheus/api/v1/series")
    assert (answer.status_code, answer.json()["error"]) == (400, "no match[]")


@pytest.mark.parametrize("path", ["rules", "targets"])
def test_another_server_is_no_prometheus(client: TestClient, path: str) -> None:
    """A server that answers with a page or a redirect is reported with its address, and is not followed."""
    answer = client.get(f"/api/prometheus/api/v1/{path}")
    assert answer.status_code == 502
    assert "Prometheus at http://127.0.0.1" in answer.json()["error"]["message"]
    assert "not JSON" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "title", "option"),
    [
        ("prometheus/api/v1/query?query=up", "Prometheus", "--prometheus"),
        ("alertmanager/api/v2/alerts", "Alertmanager", "--alertmanager"),
        ("receiver/notifications", "The receiver", "--receiver"),
    ],
)
def test_silence_is_said(tmp_path: Path, path: str, title: str, option: str) -> None:
    """A server that does not answer is a 502 that names it, its address, and the option that names another."""
    url = f"http://127.0.0.1:{free_port()}"
    with TestClient(create_console(url, url, url, tmp_path)) as client:
        answer = client.get(f"/api/{path}")
    assert answer.status_code == 502
    assert answer.json()["error"]["message"].startswith(f"{title} at {url} does not answer")
    assert option in answer.json()["error"]["help"]


@pytest.mark.parametrize("url", ["localhost:9090", "file:///etc/passwd", "", "http://"])
def test_wrong_address_is_refused_at_start(url: str) -> None:
    """An address that is none is an error that shows it, before anything is served."""
    with pytest.raises(SourceInvalid, match="address of Alertmanager is") as raised:
        upstreams("http://127.0.0.1:9090", url, "http://127.0.0.1:9095")
    assert repr(url) in raised.value.message


def test_prefix_of_an_address_is_kept(upstream: str, tmp_path: Path) -> None:
    """A Prometheus under a path is asked under that path."""
    with TestClient(create_console(f"{upstream}/prom/", upstream, upstream, tmp_path)) as client:
        answer = client.get("/api/prometheus/api/v1/query")
    assert answer.json()["path"] == "/prom/api/v1/query"


def test_password_is_used(upstream: str, tmp_path: Path) -> None:
    """A name and a password in an address are what that server is asked with."""
    url = upstream.replace("http://", "http://reader:s%40cret@")
    with TestClient(create_console(url, url, url, tmp_path)) as client:
        sent = client.get("/api/prometheus/api/v1/labels").json()["authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")) == b"reader:s@cret"


def test_password_is_not_shown(tmp_path: Path) -> None:
    """A password in an address is in no message and not in what the page is told."""
    url = f"http://reader:secret@127.0.0.1:{free_port()}"
    with TestClient(create_console(url, url, url, tmp_path)) as client:
        said = client.get("/api/prometheus/api/v1/query").text + client.get("/api/config").text
    assert "Prometheus at http://127.0.0.1:" in said
    assert "secret" not in said
