from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml

from servewatch.stack.composed import LONGTERM, prometheus_yml
from tests.servewatch.stack.stacks import free_port, wait_for

PROGRAMS = ("prometheus", "victoria-metrics")


@contextmanager
def running(*argv: str) -> Iterator[None]:
    """A program for as long as a test needs it."""
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def known(port: int, query: str) -> list[object]:
    """What the store answers to a query; nothing while it starts."""
    url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found: list[object] = json.load(answer)["data"]["result"]
            return found
    except urllib.error.URLError:
        return []


@pytest.mark.skipif(
    not all(map(shutil.which, PROGRAMS)), reason="apt-get install prometheus victoria-metrics: one is not on PATH"
)
def test_series_and_recordings_arrive_in_the_store(tmp_path: Path) -> None:
    """The configuration for the long term, with the store's address of this test, fills VictoriaMetrics."""
    store, port = free_port(), free_port()
    told = yaml.safe_load(prometheus_yml(longterm=True).replace(LONGTERM, f"http://127.0.0.1:{store}/api/v1/write"))
    told["rule_files"] = ["rules.yml"]
    told["alerting"] = {}
    told["scrape_configs"] = [{"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(told | {"global": {"scrape_interval": "1s"}}))
    rule = {"record": "test:up:sum", "expr": "sum(up)"}
    (tmp_path / "rules.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "test", "interval": "1s", "rules": [rule]}]})
    )
    with ExitStack() as programs:
        data, at = f"-storageDataPath={tmp_path / 'store'}", f"-httpListenAddr=127.0.0.1:{store}"
        programs.enter_context(running("victoria-metrics", data, at, "-search.latencyOffset=1s"))
        folder, address = f"--storage.tsdb.path={tmp_path / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"
        programs.enter_context(running("prometheus", f"--config.file={tmp_path / 'prometheus.yml'}", folder, address))
        wait_for(lambda: known(store, 'up{job="prometheus"}'), 60)
        assert wait_for(lambda: known(store, "test:up:sum"), 60)
