"""servewatch/cli/replay.py: what a person and a program see of a replay."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from servewatch.cli.replay import replay
from servewatch.replay.pieces import IncidentInvalid
from servewatch.stack import promtool

needs_promtool = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)


@needs_promtool
def test_an_incident_is_replayed_for_programs_and_people():
    """JSON has what is promised and what promtool found; the table has the same, and how many problems there were."""
    (told,) = json.loads(CliRunner().invoke(replay, ["service-killed", "--json"]).stdout)
    assert told["promised"] == {"ServiceDown": 20.0}
    assert told["promtool"]["ServiceDown"] == 20.0
    assert told["problems"] == []
    shown = CliRunner().invoke(replay, ["service-killed"])
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[1].split()[:4] == ["service-killed", "ServiceDown", "20", "20"]
    assert shown.stdout.splitlines()[-1] == "1 incidents, 0 problems"


def test_an_unknown_incident_is_refused():
    """The error is one of ours, which the command line tells in two lines."""
    assert isinstance(CliRunner().invoke(replay, ["fire"]).exception, IncidentInvalid)
