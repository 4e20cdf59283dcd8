"""servewatch/replay/table.py: what is told of an incident, and the page of all of them."""

from __future__ import annotations

import re

import pytest

from servewatch.generate import ROOT
from servewatch.replay import table
from servewatch.replay.catalogue import INCIDENTS, chosen
from servewatch.replay.pieces import IncidentInvalid
from servewatch.replay.table import Outcome

(BURST,) = chosen(["error-burst"])
(SILENT,) = chosen(["one-failure"])


def test_late_early_and_silent_alerts_are_problems():
    """Two evaluations, which are 10 s, may lie between the promise and the alert, and no more."""
    found = [Outcome(BURST, fired, {}).problems() for fired in ({"RequestErrorsHigh": at} for at in (59.0, 79.0))]
    assert found == [[], []]
    late, early, silent = (
        Outcome(BURST, fired, {}) for fired in ({"RequestErrorsHigh": 80.0}, {"RequestErrorsHigh": 58.0}, {})
    )
    assert late.problems() == [
        "error-burst: RequestErrorsHigh is promised after 69 s and fired after 80 s; 10 s are allowed"
    ]
    assert "fired after 58 s" in early.problems()[0]
    assert "did not fire" in silent.problems()[0]


def test_the_watchdog_is_no_problem_and_others_are():
    """The alert that always fires needs no promise; any other one does."""
    assert Outcome(SILENT, {"Watchdog": -600.0}, {}).problems() == []
    assert "QueueFull fired after 5 s" in Outcome(SILENT, {"Watchdog": -600.0, "QueueFull": 5.0}, {}).problems()[0]


def test_a_row_tells_the_three_times():
    """What is promised, what promtool found and what a stack showed stand beside each other."""
    (row,) = Outcome(BURST, {"RequestErrorsHigh": 70.0, "Watchdog": -600.0}, {"RequestErrorsHigh": 74.6}).rows()
    assert row[0] == "error-burst"
    assert row[2:6] == ("RequestErrorsHigh", "69", "70", "75")


def test_what_was_caused_and_did_not_come_is_told():
    """An alert that a running stack did not raise is `no`, none at all is `none`, and what was not caused is empty."""
    rows = {seen: Outcome(BURST, {}, found).rows()[0][5] for seen, found in (("caused", {}), ("not", None))}
    assert rows == {"caused": "no", "not": ""}
    silent = [Outcome(SILENT, {}, found).rows()[0][5] for found in ({}, None)]
    assert silent == ["none", ""]
    _, more = Outcome(SILENT, {}, {"QueueFull": 5.0}).rows()
    assert (more[2:6], more[7]) == (
        ("QueueFull", "", "", "5"),
        "seen live alone: the fault that is caused there is not quite this one",
    )


def test_rows_of_one_incident_are_written_anew():
    """The others stay as they stand; a page of another promtool, or without the incident, is not mended."""
    before = [Outcome(BURST, {"RequestErrorsHigh": 70.0}, None), Outcome(SILENT, {}, None)]
    page = table.render(before, "2.42.0")
    again = Outcome(BURST, {"RequestErrorsHigh": 75.0}, {})
    assert table.amended(page, [again], "2.42.0") == table.render([again, before[1]], "2.42.0")
    with pytest.raises(IncidentInvalid, match=r"was not written with promtool 3\.5\.3"):
        table.amended(page, [again], "3.5.3")
    with pytest.raises(IncidentInvalid, match="lacks one of error-burst"):
        table.amended(table.render(before[1:], "2.42.0"), [again], "2.42.0")


def test_the_page_has_every_incident_and_no_other():
    """The page in the repository begins as it is rendered, and its rows are those of the catalogue, in its order."""
    page = (ROOT / table.PATH).read_text()
    (version,) = re.findall(r"The times are those of promtool ([\d.]+)\. ", page)
    assert page.startswith(table.render([], version))
    written = [row.split(" | ")[0].removeprefix("| ") for row in page.splitlines() if row.startswith("| ")][2:]
    assert list(dict.fromkeys(written)) == [incident.name for incident in INCIDENTS]


def test_what_was_seen_live_is_on_the_page():
    """Each time that was kept of a running stack is in the row of its incident and alert."""
    page = (ROOT / table.PATH).read_text()
    shown = table.seen()
    assert shown
    for incident in chosen(list(shown)):
        for promise in incident.promises:
            if (at := shown[incident.name].get(promise.alert.name)) is not None:
                (row,) = [
                    r for r in page.splitlines() if r.startswith(f"| {incident.name} |") and promise.alert.name in r
                ]
                assert row.split(" | ")[5] == f"{at:.0f}"
