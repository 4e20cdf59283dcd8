"""servewatch/slos.py: what a service promises, in its own line or in slos.yml, is what its stack records."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servewatch import slos
from servewatch.generate import ROOT
from servewatch.stack import config, promtool
from servewatch.stack.ports import Ports
from serving import api, service
from serving.errors import ServiceInvalid

SHOP = """
from serving import api, service

@service(slos=["latency 99% under 0.25s"])
class Shop:
    @api
    async def buy(self, item: dict) -> dict:
        return item
"""


def describe(folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "shop.py").write_text(SHOP)
    command = [sys.executable, "-m", "servewatch.stack.describe", "shop:Shop", str(folder / "own")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_a_stack_records_what_its_service_promises(tmp_path: Path) -> None:
    """The line in the service and the file beside it take the place of the defaults in the stack's rules."""
    (tmp_path / "slos.yml").write_text("shop: [availability 99.5%]\n")
    answer = describe(tmp_path)
    assert (answer.returncode, answer.stdout.strip()) == (0, "shop"), answer.stderr
    config.write(tmp_path, Ports(), "shop", "route: {}", tmp_path / "own")
    text = (tmp_path / "rules" / slos.RULES).read_text()
    assert "vector(0.995)" in text
    assert 'le="0.25"' in text
    if promtool.find() is not None:
        told = promtool.check_rules(sorted((tmp_path / "rules").glob("*.yml")))
        assert told.fine, told.text


def test_a_stack_without_promises_has_the_defaults(tmp_path: Path) -> None:
    """Where nothing is declared, nothing is written, and the generated rules stay."""
    slos.write(tmp_path / "own", slos.objectives("shop", (), tmp_path))
    assert not (tmp_path / "own").exists()
    config.write(tmp_path, Ports(), "shop", "route: {}", tmp_path / "own")
    generated = (ROOT / "alerts/generated" / slos.RULES).read_text()
    assert (tmp_path / "rules" / slos.RULES).read_text() == generated


def test_a_promise_that_cannot_be_measured_keeps_the_stack_from_starting(tmp_path: Path) -> None:
    """What is wrong with the file is what is told, in one line."""
    (tmp_path / "slos.yml").write_text("shop: [latency 99% under 0.3s]\n")
    answer = describe(tmp_path)
    assert answer.returncode == 1
    assert "0.3 s is no bound of servewatch_request_duration_seconds" in answer.stderr


def test_promises_are_texts() -> None:
    """A single text in place of a list is refused where it is declared."""
    with pytest.raises(ServiceInvalid, match="slos is 'availability 99%'"):

        @service(slos="availability 99%")
        class Wrong:
            @api
            async def buy(self, item: dict) -> dict:
                return item
