"""dashboards/service_runtime.py: threads as shares of their pool, and GPUs in a row for those who have any."""

from __future__ import annotations

from pathlib import Path

from dashboards import service_runtime
from monitoring.catalogue import runtime
from tests.dashboards.asking import asked, board, drawn, needs_promtool

BOARD = board("service")
ROWS = {panel["title"]: panel for panel in BOARD["panels"] if panel["type"] == "row"}


@needs_promtool
def test_threads_are_a_share_of_all_replicas_pools(tmp_path: Path) -> None:
    """Three busy of six in each of two replicas is a half."""
    series = {}
    for replica in "ab":
        key = f'{{service="s",version="1",pool="default",instance="{replica}"}}'
        series |= {f"servewatch_threads_busy{key}": "3x20", f"servewatch_threads_limit{key}": "6x20"}
    query = drawn(BOARD)["Threads that work"]["targets"][0]["expr"]
    chosen = {"version": "1", "instance": ".+"}
    answer = asked(tmp_path, query, series, {'{service="s",pool="default"}': 0.5}, **chosen)
    assert answer.fine, answer.text


def test_gpus_are_in_a_folded_row_that_asks_for_all_that_is_measured_of_them() -> None:
    """The row is folded, its panels read every metric of a GPU, and without one they say so."""
    row = ROWS[service_runtime.GPUS]
    assert row["collapsed"]
    asked_for = " ".join(target["expr"] for panel in row["panels"] for target in panel["targets"])
    assert [metric.name for metric in runtime.GPU if metric.name not in asked_for] == []
    assert {panel["fieldConfig"]["defaults"]["noValue"] for panel in row["panels"]} == {service_runtime.NO_GPU}


def test_only_what_few_services_have_is_folded() -> None:
    """Streams and GPUs are opened by whom they concern; everything else is there at once."""
    assert [title for title, row in ROWS.items() if row["collapsed"]] == [
        "Streams, where an endpoint streams",
        service_runtime.GPUS,
    ]


def test_latency_shows_single_requests_that_were_traced() -> None:
    """One query of the chart reads the buckets themselves, on which exemplars are, and asks for these."""
    (target,) = [one for one in drawn(BOARD)["Latency"]["targets"] if one.get("exemplar")]
    assert "servewatch_request_duration_seconds_bucket" in target["expr"]
    assert not target["instant"]
