from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from serving import Settings, api, create_app, service
from serving.errors import ServiceInvalid

Serve = Callable[..., Any]


@service(name="echo", version="3.1.0")
class Echo:
    """Says what it hears."""

    @api
    async def say(self, text: str) -> str:
        return text


@pytest.fixture
def live(serve: Serve) -> Any:
    return serve(Echo)


def test_health_says_what_runs(live: Any) -> None:
    """/healthz and /readyz name the service, its version and its models; /livez answers in any state."""
    described = {"status": "ready", "service": "echo", "version": "3.1.0", "models": []}
    assert live.get("/healthz").json() == described
    assert live.get("/readyz").json() == described
    assert live.get("/livez").json() == {"status": "alive"}


def test_head_is_answered_and_allow_is_said_once(live: Any) -> None:
    """Load balancers ask health with HEAD; a wrong method is told the right ones, in one header."""
    assert live.ask("HEAD", "/readyz").status == 200
    refused = live.ask("DELETE", "/healthz")
    assert refused.status == 405
    assert "POST" not in refused.headers["allow"]


def test_a_draining_service_is_not_ready_and_says_why(live: Any) -> None:
    """/readyz is 503 with the reason and Retry-After; /healthz and /livez still answer; connections are closed."""
    live.lifecycle.drain()
    answer = live.get("/readyz")
    assert (answer.status, answer.error["code"]) == (503, "not_ready")
    assert answer.error["message"] == "the service is draining"
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["connection"] == "close"
    assert live.get("/healthz").json()["status"] == "draining"
    assert live.get("/livez").status == 200


swagger = pytest.mark.filterwarnings("ignore:open_binary is deprecated:DeprecationWarning")
"""What carries Swagger's files reads them in a way that Python 3.11 calls old."""


@swagger
def test_the_docs_page_needs_no_other_host(live: Any) -> None:
    """Swagger UI's page, script and style come from the service itself."""
    page = live.get("/docs").content.decode()
    links = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert len(links) >= 3
    for link in links:
        path = link.removeprefix(live.url)
        assert path.startswith("/"), f"{link} leaves the host"
        asset = live.get(path)
        assert asset.status == 200
        assert len(asset.content) > 100
    others = [url for url in re.findall(r"https?://[^\s\"'<>)]+", page) if not url.startswith(live.url)]
    assert others == []


@swagger
def test_the_style_of_the_docs_page_loads_nothing_from_elsewhere(live: Any) -> None:
    """No font or picture of the style sheet comes from another host."""
    style = live.get("/swagger/swagger-ui.css").content.decode()
    assert re.findall(r"url\(\s*[\"']?(?:https?:)?//[^)]*", style) == []


def test_the_root_leads_to_the_docs(live: Any) -> None:
    """A browser that opens the service's address finds its page."""
    answer = live.get("/")
    assert answer.status == 307
    assert answer.headers["location"].endswith("/docs")


def test_an_unknown_route_names_the_endpoints(live: Any) -> None:
    """404 says what there is."""
    error = live.post("/sya", b"x").error
    assert error["message"] == "there is no POST /sya"
    assert error["help"] == "the endpoints are POST /say; /docs shows all"


def test_the_openapi_page_is_made_once_and_describes_endpoints_and_health(live: Any) -> None:
    """/openapi.json has each path, and is the same each time."""
    shown = live.get("/openapi.json").json()
    assert set(shown["paths"]) == {"/say", "/livez", "/healthz", "/readyz"}
    assert (shown["info"]["title"], shown["info"]["version"]) == ("echo", "3.1.0")
    assert live.get("/openapi.json").json() == shown


def test_metrics_are_on_the_services_port_too(live: Any) -> None:
    """/metrics is the service's registry as Prometheus text."""
    answer = live.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert b'servewatch_requests_total{code="200",endpoint="say",service="echo",version="3.1.0"} 0.0' in answer.content


def test_two_services_in_one_process_do_not_meet() -> None:
    """Each app has its own registry unless one is given."""
    first, second = create_app(Echo, Settings.load({})), create_app(Echo, Settings.load({}))
    assert first.lifecycle.metrics.registry is not second.lifecycle.metrics.registry


def test_the_registry_is_a_parameter() -> None:
    """A given registry gets the service's metrics."""
    registry = CollectorRegistry()
    create_app(Echo, Settings.load({}), registry)
    labels = {"service": "echo", "version": "3.1.0", "endpoint": "say"}
    assert registry.get_sample_value("servewatch_requests_in_progress", labels) == 0


def test_what_is_no_service_is_refused() -> None:
    """create_app says what is missing."""
    with pytest.raises(ServiceInvalid, match="is not a service"):
        create_app(int)
