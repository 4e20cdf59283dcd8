"""From a single request on a chart to its trace, clicked in a real browser on what a real Prometheus keeps."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from servewatch.console import create_console
from serving.store import Store
from tests.prometheus import started
from tests.servewatch.console.browser import Page
from tests.servewatch.console.serving import read, served
from tests.servewatch.stack.stacks import free_port, wait_for

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
METRICS = f"""# TYPE took_seconds histogram
took_seconds_bucket{{le="1.0"}} 1 # {{trace_id="{TRACE}"}} 0.5
took_seconds_bucket{{le="+Inf"}} 1
took_seconds_count 1
took_seconds_sum 0.5
# EOF
"""
PANEL = {
    "id": 1,
    "type": "timeseries",
    "title": "Latency",
    "gridPos": {"x": 0, "y": 0, "w": 24, "h": 10},
    "datasource": {"type": "prometheus", "uid": "prometheus"},
    "fieldConfig": {"defaults": {"min": 0, "max": 2}, "overrides": []},
    "targets": [{"refId": "A", "expr": "took_seconds_bucket", "exemplar": True}],
}
MARK = """(() => {
  const canvas = document.querySelector('.panel canvas');
  if (!canvas?.width) return null;
  const pen = document.createElement('canvas').getContext('2d');
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--link');
  pen.fillRect(0, 0, 1, 1);
  const link = pen.getImageData(0, 0, 1, 1).data;
  const {data, width, height} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const is = (x, y) => link.every((part, i) => data[4 * (y * width + x) + i] === part);
  const box = canvas.getBoundingClientRect();
  for (let y = 2; y < height - 2; y++) for (let x = 2; x < width - 2; x++)
    if (is(x, y) && is(x - 2, y) && is(x + 2, y) && is(x, y - 2) && is(x, y + 2)) return [box.left + x, box.top + y];
  return null;
})()"""
"""The middle of the first diamond on the chart."""


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[str]:
    """The address of a console that knows where traces are, before a Prometheus that has one exemplar."""
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not on PATH; on Debian: sudo apt-get install prometheus")

    async def metrics(request: Request) -> Response:
        return Response(METRICS, media_type="application/openmetrics-text; version=1.0.0; charset=utf-8")

    board = {"uid": "traced", "title": "Traced", "schemaVersion": 39, "time": {"from": "now-5m", "to": "now"}}
    (tmp_path / "traced.json").write_text(json.dumps(board | {"panels": [PANEL]}))
    exporter = uvicorn.Config(
        Starlette(routes=[Route("/metrics", metrics)]), port=free_port(), log_level="error", ws="none"
    )
    with served(exporter) as target:
        jobs = [{"job_name": "took", "static_configs": [{"targets": [target.removeprefix("http://")]}]}]
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
        with started(tmp_path, config, features="exemplar-storage") as prometheus:
            asked = f"{prometheus}/api/v1/query_exemplars?query=took_seconds_bucket&start=0&end=9999999999"
            wait_for(lambda: read(asked)["data"], 30)
            shown = create_console(
                prometheus, target, target, tmp_path, store=Store(tmp_path / "models"), traces=target + "/{trace_id}"
            )
            with served(uvicorn.Config(shown, port=free_port(), log_level="error", ws="none")) as address:
                yield address


def test_a_click_on_an_exemplar_opens_its_trace(page: Page, traced: str) -> None:
    """The diamond says which trace it is of, and a click on it opens that trace in a tab of its own."""
    page.resize(1400, 900)
    x, y = _mark(page, f"{traced}/d/traced?refresh=off")
    page.move((x, y))
    assert f"trace_id: {TRACE}" in page.wait("document.querySelector('.tip-exemplar')?.innerText")
    page.drag((x, y), (x, y))
    opened = wait_for(lambda: [tab for tab in page.tabs() if tab.endswith(f"/{TRACE}")])
    assert not opened[0].startswith(traced)
    assert any(tab.startswith(f"{traced}/d/traced") for tab in page.tabs())


def _mark(page: Page, address: str) -> tuple[float, float]:
    """Where the diamond is: a page that was drawn before it could be, or with it on the edge, is opened again."""
    for seconds in (10, 20, 40):
        page.open(address)
        with contextlib.suppress(AssertionError):
            found: tuple[float, float] = page.wait(MARK, seconds)
            return found
    pytest.fail("there is no diamond on the chart")
