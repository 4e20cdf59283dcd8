"""servewatch/replay/replayed.py: promtool runs each incident, and alerts fire when they are promised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from servewatch.generate import ROOT
from servewatch.replay import table
from servewatch.replay.catalogue import INCIDENTS, chosen
from servewatch.replay.replayed import first_fired
from servewatch.replay.table import Outcome
from servewatch.replay.world import Phase, Service
from servewatch.stack import promtool

pytestmark = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)
LONG = 24 * 3600.0
CASES = [
    pytest.param(one, id=one.name, marks=[pytest.mark.e2e] if one.quiet or one.length > LONG else [])
    for one in INCIDENTS
]


@pytest.mark.parametrize("incident", CASES)
def test_each_alert_fires_within_two_evaluations_of_what_is_promised(incident):
    """The promised alerts fire in time, every other one stays silent, and the page of incidents says just that."""
    outcome = Outcome(incident, first_fired(incident), table.seen().get(incident.name))
    assert outcome.problems() == []
    page = (ROOT / table.PATH).read_text().splitlines()
    written = [row.split(" | ") for row in page if row.startswith(f"| {incident.name} |")]
    told = [table.line(row).split(" | ") for row in outcome.rows()]
    assert [row[:4] + row[6:] for row in written] == [row[:4] + row[6:] for row in told]
    # promtool takes groups of rules in any order, and what reads another group's recording may lag by an evaluation.
    # The times of another version are its own: what is promised holds for it too.
    if f"those of promtool {promtool.version()}." in "\n".join(page):
        for page_row, row in zip(written, told, strict=True):
            assert abs(float(page_row[4] or 0) - float(row[4] or 0)) <= 2 * incident.step


def test_an_alert_that_nobody_promised_is_told():
    """Where a quiet incident is made to fail, the alerts that fire are problems, with their times."""
    (well,) = chosen(["one-failure"])
    broken = replace(well, phases=(Phase(600.0), Phase(180.0, Service(errors=0.5))))
    problems = Outcome(broken, first_fired(broken), {}).problems()
    assert problems == ["one-failure: RequestErrorsHigh fired after 70 s, which nobody promised; 10 s are allowed"]
