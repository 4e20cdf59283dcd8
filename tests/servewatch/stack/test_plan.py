"""The plan of a native stack, from its options alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from servewatch.cli.stack import up
from servewatch.stack import plan, targets
from servewatch.stack.mode import Options
from servewatch.stack.ports import Ports

TOOLS = {"prometheus": "/usr/bin/prometheus", "alertmanager": "/usr/bin/alertmanager"}
HOME = Path("/home/someone/.servewatch")


def names(options: Options) -> list[str]:
    return [program.name for program in plan.programs(options, TOOLS)]


def test_processes_have_the_names_of_the_contract() -> None:
    """A stack has the processes that programs may look for by name."""
    assert names(Options(HOME)) == ["serving", "prometheus", "alertmanager", "receiver", "console", "traffic"]


@pytest.mark.parametrize("options", [Options(HOME, traffic=False), Options(HOME, service="mine:Service")])
def test_no_traffic_where_it_makes_no_sense(options: Options) -> None:
    """Traffic runs neither where it was refused nor for a service that is not the demo, and the notes say so."""
    assert "traffic" not in names(options)
    assert "traffic is off" in plan.notes(options)[0]


def test_notes_can_be_typed_for_this_home() -> None:
    """The commands in the notes name the home of the stack that they are shown for."""
    for options in (Options(HOME), Options(HOME, traffic=False)):
        assert plan.notes(options)[0].endswith(f" --home {HOME}")


def test_service_gets_its_settings_and_obeys_faults() -> None:
    """The serving process gets the home and the ports that were chosen, and obeys the demo's faults."""
    options = Options(HOME, service="mine:Service", ports=Ports(service=4000, metrics=4001))
    serving = plan.programs(options, TOOLS)[0]
    assert serving.argv[1:] == ("-m", "servewatch", "serve", "mine:Service", "--port=4000", "--metrics-port=4001")
    assert serving.environment == {"SERVEWATCH_HOME": str(HOME), "SERVEWATCH_FAULTS": "1"}
    assert serving.health == "http://127.0.0.1:4000/readyz"


def test_somebody_who_wants_no_faults_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drill's header does nothing then, though the stack would allow it."""
    monkeypatch.setenv("SERVEWATCH_FAULTS", "0")
    assert plan.programs(Options(HOME), TOOLS)[0].environment["SERVEWATCH_FAULTS"] == "0"


def test_without_traffic_a_service_of_ones_own_is_pointed_at_no_demo() -> None:
    """`servewatch demo traffic` sends pictures, which only the demo takes."""
    assert plan.notes(Options(HOME, service="mine:Service", traffic=False)) == ["traffic is off, as you asked"]


def test_traffic_ends_before_the_service_and_watchers_last() -> None:
    """No request of ours is sent to a service that stops, and what watches it sees its end."""
    stages = {program.name: program.stage for program in plan.programs(Options(HOME), TOOLS)}
    assert stages["traffic"] < stages["serving"] < min(stages["prometheus"], stages["alertmanager"], stages["receiver"])


def test_service_has_time_to_drain() -> None:
    """The service may take longer to end than it gives the requests that it accepted."""
    from serving.settings import Settings

    serving = plan.programs(Options(HOME), TOOLS)[0]
    settings = Settings()
    assert serving.stop_seconds > settings.drain_delay + settings.drain_timeout


def test_table_shows_every_port() -> None:
    """The table that `up` prints has each port that native mode uses."""
    ports = Ports()
    shown = " ".join(url for _, url, _ in plan.addresses(Options(HOME)))
    assert [name for name in plan.PORTS if f":{getattr(ports, name)}" not in shown] == []


def test_arguments_mean_the_same_options() -> None:
    """The command line of a detached supervisor is one that `servewatch up` takes, and means what was asked."""
    options = Options(HOME, "mine:Service", traffic=False, ports=Ports(service=4000, console=4002))
    command, *words = plan.arguments(options)
    with up.make_context("up", words) as context:
        given = context.params
    assert command == "up"
    assert (given["mode"], given["detach"], given["no_traffic"]) == ("native", False, True)
    assert (given["service"], given["home"]) == ("mine:Service", HOME)
    assert {name: given[f"port_{name}"] for name in plan.PORTS} == {
        name: getattr(options.ports, name) for name in plan.PORTS
    }


def test_what_differs_is_told_in_words_of_the_command_line() -> None:
    """Another `up` in the same home learns what keeps it from being the stack that runs; usual ports mean no wish."""
    runs = Options(
        HOME, service="mine:Service", ports=Ports(prometheus=9999), targets=(targets.parse("mlserver=a,service=m"),)
    )
    there = plan.asked(runs)
    assert plan.differs(runs, there, runs.ports) == ""
    assert plan.differs(replace(runs, ports=Ports(), traffic=False, detach=True), there, runs.ports) == ""
    assert plan.differs(replace(runs, ports=Ports(console=4000)), there, runs.ports) == "--console-port=4000 asked for"
    other = replace(runs, service="yours:Service", targets=())
    assert plan.differs(other, there, runs.ports) == (
        "--service=yours:Service asked for, it has --service=mine:Service --target=mlserver=a:8082/metrics,service=m"
    )
