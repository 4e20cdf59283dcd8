"""servewatch/replay/catalogue: which incidents there are, and that no alert is without one."""

from __future__ import annotations

import pytest

from alerts import ALERTS
from servewatch.cli.demo import demo
from servewatch.replay.catalogue import INCIDENTS, chosen
from servewatch.replay.pieces import IncidentInvalid


def test_every_alert_is_promised_in_an_incident():
    """No alert is without an incident in which it fires."""
    promised = {promise.alert.name for incident in INCIDENTS for promise in incident.promises}
    assert sorted({alert.name for alert in ALERTS} - promised) == []


def test_names_are_unique_and_can_be_typed():
    """An incident is called by its name."""
    names = [incident.name for incident in INCIDENTS]
    assert len(set(names)) == len(names)
    assert chosen(["error-burst"]) == tuple(one for one in INCIDENTS if one.name == "error-burst")
    assert chosen([]) == INCIDENTS


def test_an_unknown_name_is_answered_with_those_that_there_are():
    """The error names what was asked for and every incident."""
    with pytest.raises(IncidentInvalid, match=r"(?s)no incident 'fire'.*error-burst"):
        chosen(["fire"])


def test_what_happens_live_is_a_command_of_the_demo():
    """Each live incident is caused by a command that `servewatch demo` has, with words that it takes."""
    live = [incident.live.split() for incident in INCIDENTS if incident.live]
    assert len(live) >= 8
    for command, *words in live:
        assert demo.commands[command].make_context(command, words).command is demo.commands[command]


def test_quiet_times_promise_the_watchdog_alone():
    """Where nothing is wrong nobody is told of anything, but machines that all is well."""
    quiet = [incident for incident in INCIDENTS if incident.quiet]
    assert {incident.name for incident in quiet} >= {"quiet-night", "normal-week"}
    assert {promise.alert.name for incident in quiet for promise in incident.promises} == {"Watchdog"}
    assert max(incident.length for incident in quiet) == 7 * 24 * 3600
