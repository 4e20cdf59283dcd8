"""servewatch/stack/reload.py: real programs read their configuration again, and go on where it is wrong."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts import alertmanager
from servewatch.stack import config, plan, state, tools
from servewatch.stack.errors import StackRunning
from servewatch.stack.mode import Options
from servewatch.stack.native import Native
from servewatch.stack.ports import Ports
from servewatch.stack.reload import ReloadRefused, reload
from tests.servewatch.stack.stacks import child, free_port, quiet_program, running, supervised

RECEIVER = "http://127.0.0.1:9/alerts"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[tuple[state.StackRecord, Options]]:
    """A small stack of Prometheus and Alertmanager alone, under a supervisor."""
    found = {tool.name: tools.find(tool) for tool in tools.TOOLS}
    if None in found.values():
        pytest.skip("Prometheus is not on PATH: apt-get install prometheus prometheus-alertmanager")
    options = Options(tmp_path, ports=Ports(prometheus=free_port(), alertmanager=free_port()))
    config.write(options.folder, options.ports, "fashion", alertmanager.config(receiver=RECEIVER))
    programs = [
        {
            "name": one.name,
            "argv": list(one.argv),
            "url": one.url,
            "health": one.health,
            "stop_seconds": 5.0,
        }
        for one in plan.programs(options, {name: str(path) for name, path in found.items()})
        if one.name in found
    ]
    with supervised(options.folder, programs):
        yield running(options.folder), options


def _configured(options: Options) -> list[str]:
    with urllib.request.urlopen(f"{options.ports.url('alertmanager')}/api/v2/receivers", timeout=5) as answer:
        return [one["name"] for one in json.load(answer)]


def test_a_new_channel_is_there_without_a_restart_and_a_wrong_one_changes_nothing(
    stack: tuple[state.StackRecord, Options],
) -> None:
    """What was written runs, in the same processes; what Alertmanager refuses is told, and the old one stays."""
    record, options = stack
    before = child(options.folder, "alertmanager"), child(options.folder, "prometheus")
    secrets = options.home / "secrets"
    text = alertmanager.config((alertmanager.Channel("slack", "slack_url"),), secrets, RECEIVER)
    (options.folder / "alertmanager.yml").write_text(text)
    reload(record, options)
    assert "test-slack" in _configured(options)
    (options.folder / "alertmanager.yml").write_text("route: {receiver: nobody}")
    with pytest.raises(ReloadRefused, match="alertmanager does not take its new configuration"):
        reload(record, options)
    assert "test-slack" in _configured(options)
    assert before == (child(options.folder, "alertmanager"), child(options.folder, "prometheus"))


def test_up_means_the_stack_that_runs_only_where_it_asks_for_the_same(tmp_path: Path) -> None:
    """Another service, or other ports than those it runs on, are refused as a second stack."""
    with supervised(tmp_path / "stack", [quiet_program("traffic")]):
        record = running(tmp_path / "stack")
        for options in (Options(tmp_path, "other:Service"), Options(tmp_path, ports=Ports(service=free_port()))):
            asked = state.StackRecord(
                "native", "running", record.stamp, record.supervisor, ports={}, asked=plan.asked(Options(tmp_path))
            )
            state.write(tmp_path / "stack", asked)
            with pytest.raises(StackRunning, match="a stack is running already"):
                Native(options, print).up()
