"""A Prometheus that scrapes itself and a dead target, a console before it, and a browser to look with."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from servewatch.console import create_console
from serving.store import Store
from tests.prometheus import started
from tests.servewatch.console.browser import Page, browser
from tests.servewatch.console.serving import read, served
from tests.servewatch.stack.stacks import free_port, wait_for

HERE = Path(__file__).parent
RULES = """
groups:
- name: sample
  rules:
  - alert: TargetDown
    expr: up == 0
    labels: {severity: ticket}
    annotations: {summary: "{{ $labels.instance }} does not answer", runbook_url: "https://example.org/#down"}
"""


def _needs(program: str, package: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not on PATH; on Debian: sudo apt-get install {package}")


@contextlib.contextmanager
def _prometheus(folder: Path, jobs: dict[str, str], port: int) -> Iterator[str]:
    """A Prometheus that scrapes a target for each job once a second."""
    _needs("prometheus", "prometheus")
    (folder / "rules.yml").write_text(RULES)
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [f"{folder}/rules.yml"],
        "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [to]}]} for job, to in jobs.items()],
    }
    with started(folder, config, port) as url:
        yield url


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has scraped itself a few times."""
    port = free_port()
    jobs = {"prometheus": f"127.0.0.1:{port}", "absent": f"127.0.0.1:{free_port()}"}
    rate = quote('rate(prometheus_http_requests_total{handler="/metrics"}[10s]) and on() (ALERTS)')
    with _prometheus(tmp_path_factory.mktemp("prometheus"), jobs, port) as url:
        wait_for(lambda: read(f"{url}/api/v1/query?query={rate}")["data"]["result"])
        yield url


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a console before a Prometheus that knows a service with drift and labels."""

    async def metrics(request: Request) -> Response:
        return FileResponse(HERE / "watched.prom", media_type="text/plain")

    folder, port = tmp_path_factory.mktemp("watched"), free_port()
    app = Starlette(routes=[Route("/metrics", metrics)])
    nobody = f"http://127.0.0.1:{free_port()}"
    with served(uvicorn.Config(app, port=free_port(), log_level="error", ws="none")) as exporter:
        with _prometheus(folder, {"serving": exporter.removeprefix("http://")}, port) as url:
            wait_for(lambda: read(f"{url}/api/v1/query?query=servewatch_model_info")["data"]["result"])
            shown = create_console(url, nobody, nobody, folder, store=Store(folder / "models"))
            with served(uvicorn.Config(shown, port=free_port(), log_level="error", ws="none")) as address:
                yield address


@pytest.fixture(scope="session")
def console(prometheus: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a console before that Prometheus; Alertmanager and receiver are not there."""
    folder = tmp_path_factory.mktemp("dashboards")
    shutil.copy(HERE / "sample.json", folder)
    nobody = f"http://127.0.0.1:{free_port()}"
    app = create_console(prometheus, nobody, nobody, folder, store=Store(folder / "models"))
    with served(uvicorn.Config(app, port=free_port(), log_level="error", ws="none")) as url:
        yield url


@pytest.fixture(scope="session")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a console whose servers are not there."""
    folder = tmp_path_factory.mktemp("blind")
    shutil.copy(HERE / "sample.json", folder)
    nobody = f"http://127.0.0.1:{free_port()}"
    app = create_console(nobody, nobody, nobody, folder, store=Store(folder / "models"))
    with served(uvicorn.Config(app, port=free_port(), log_level="error", ws="none")) as url:
        yield url


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A browser's tab."""
    _needs("chromium", "chromium")
    with browser(tmp_path / "profile") as tab:
        yield tab
