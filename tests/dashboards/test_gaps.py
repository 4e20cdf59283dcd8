"""dashboards/gaps.py: what a server does not tell is said by the stat that would show it."""

from __future__ import annotations

import json

import pytest

import dashboards
from alerts.adapters import ADAPTERS
from dashboards.gaps import NO_BATCHES, ONLY_OURS
from servewatch.check.sources import panels

STATS = {
    panel["title"]: panel
    for panel in panels(json.loads(dashboards.DASHBOARDS["service"]))
    if panel["type"] in {"stat", "table"}
}


@pytest.mark.parametrize(
    ("title", "signal"), [("Requests", "requests"), ("p95", "latency"), ("In flight", "in_progress")]
)
def test_a_stat_asks_for_its_gap_where_it_has_no_number(title, signal):
    """After the number's own query comes the gap of the signal, below zero, where no number can be."""
    number, _, gap = STATS[title]["targets"][0]["expr"].partition(" or -1 * ")
    assert "serving:" in number
    assert f'serving:not_provided{{signal="{signal}",service=~"$service"}}' in gap


def test_a_gap_is_told_with_the_servers_name():
    """Each adapter's number, negated, is shown as the words that name its server."""
    for title in ("Error ratio", "Queue"):
        (mapping,) = STATS[title]["fieldConfig"]["defaults"]["mappings"]
        said = {number: result["text"] for number, result in mapping["options"].items()}
        assert said == {f"{-adapter.number}": adapter.said for adapter in ADAPTERS}
    assert (said["-1"], said["-12"]) == ("Not provided by BentoML", "Does not batch")


def test_the_services_own_labels_stay():
    """A stat of one number for all chosen services asks for one gap; one of a number each, for one each."""
    assert "max (serving:not_provided" in STATS["Queue"]["targets"][0]["expr"]
    assert "max by (service) (serving:not_provided" in STATS["p50"]["targets"][0]["expr"]


def test_replicas_are_told_by_every_server():
    """Whether a server answers is seen by Prometheus itself: no gap is asked for there."""
    assert "not_provided" not in STATS["Replicas up"]["targets"][0]["expr"]


def test_all_gaps_are_listed():
    """A table names service, server and signal of whatever is not provided, and says so where nothing is."""
    table = STATS["Not provided"]
    assert 'serving:not_provided{service=~"$service"}' in table["targets"][0]["expr"]
    assert table["fieldConfig"]["defaults"]["noValue"] == "Nothing: all signals are provided"


def test_panels_of_our_own_servers_inside_say_that_others_may_not_provide_it():
    """A chart that reads what our server alone tells does not say just "No data" for another one."""
    board = json.loads(dashboards.DASHBOARDS["service"])
    named = {panel["title"]: panel for panel in panels(board)}
    for title in ("Where time goes", "Batch size distribution", "Requests by version", "CPU", "Threads that work"):
        assert named[title]["fieldConfig"]["defaults"]["noValue"] == ONLY_OURS
    for title in ("Queue depth", "Shed", "Batch size", "Dispatch reasons"):
        assert named[title]["fieldConfig"]["defaults"]["noValue"] == NO_BATCHES
