"""servewatch/replay/pieces.py: series in promtool's own notation."""

from __future__ import annotations

import pytest

from monitoring.catalogue import requests, stack
from servewatch.replay.pieces import IncidentInvalid, Line, Lines


def test_a_counter_goes_on_where_it_stood():
    """Each piece begins with the value that the one before led to, and has as many samples as its time."""
    line = Line(5.0)
    line.count(60.0, 2.0)
    line.count(30.0, 0.0, more=1.0)
    assert line.text == ["0+10x11", "121x5"]
    assert line.value == 121.0


def test_what_is_gone_is_noted_once_and_what_is_not_looked_at_is_not():
    """A series that ends leaves a mark; one that nobody scrapes only lacks samples."""
    gone, unseen = Line(5.0), Line(5.0)
    for line in (gone, unseen):
        line.add(10.0, 1.0)
    gone.skip(20.0)
    gone.skip(10.0)
    unseen.skip(20.0, gone=False)
    assert gone.text == ["1x1", "stale", "_x3", "_x2"]
    assert unseen.text == ["1x1", "_x4"]


def test_a_series_that_begins_later_is_not_there_before():
    """Its first samples are missing."""
    lines = Lines(5.0)
    lines.of(stack.UP, {"job": "serving"}).add(20.0, 1.0)
    lines.of(requests.TOTAL, {"code": "200"}, before=10.0).count(10.0, 1.0)
    assert lines.entries() == [
        {"series": 'up{job="serving"}', "values": "1x3"},
        {"series": 'servewatch_requests_total{code="200"}', "values": "_x2 0+5x1"},
    ]


def test_a_phase_between_two_samples_is_refused():
    """The error tells the time and the distance of samples."""
    with pytest.raises(IncidentInvalid, match=r"phase of 7 s is no whole number of samples of 5 s"):
        Line(5.0).add(7.0, 1.0)
