"""dashboards/own.py: the row of a service's own metrics."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from dashboards import own, service
from monitoring.own import Alert, Declarations, Panel
from servewatch.check.sources import panels
from servewatch.check.texts import plain
from servewatch.stack import promtool


@pytest.fixture
def made() -> Declarations:
    """Metrics of each kind, with panels of each kind."""
    declared = Declarations(None)
    declared.counter(
        "orders_total", "Orders taken.", labels=("kind",), panel=Panel("Orders", kind="stacked"), alert=Alert(above=5)
    )
    declared.counter("sent_bytes_total", "Bytes sent.")
    declared.gauge("open_baskets", "Open baskets.", panel=Panel(kind="stat"), alert=Alert(below=3))
    declared.gauge("balance", "Balance.", labels=("shop",))
    declared.histogram("pick_seconds", "Picking.", labels=("shop",), panel=Panel(kind="heatmap"), alert=Alert(above=1))
    declared.histogram("pack_seconds", "Packing.", panel=Panel(of="mean", unit="ms", description="Packing in the hall"))
    declared.gauge("hidden", "Not drawn.", panel=None)
    return declared


def drawn(declared: Declarations) -> dict[str, dict[str, Any]]:
    """The panels of the row by title."""
    board = json.loads(service.render(declared.all))
    found = list(panels(board))
    start = next(at for at, panel in enumerate(found) if panel["title"] == own.HEADING)
    row = itertools.takewhile(lambda panel: panel["type"] != "row", found[start + 1 :])
    return {panel["title"]: panel for panel in row}


def test_a_service_without_metrics_of_its_own_has_the_dashboard_as_it_was() -> None:
    """No row is added where there is nothing to draw."""
    assert service.render(()) == service.render()
    assert own.HEADING not in service.render()


def test_each_metric_has_its_panel_in_the_row(made: Declarations) -> None:
    """Titles, kinds and units are as declared, or guessed from the name; what has panel=None is not drawn."""
    found = {title: (p["type"], p["fieldConfig"]["defaults"].get("unit")) for title, p in drawn(made).items()}
    assert found == {
        "Orders": ("timeseries", "ops"),
        "Bytes sent": ("timeseries", "Bps"),
        "Open baskets": ("stat", "short"),
        "Balance": ("timeseries", "short"),
        "Picking": ("heatmap", None),
        "Packing": ("timeseries", "ms"),
        "Label values without room": ("timeseries", "ops"),
    }
    assert drawn(made)["Picking"]["options"]["yAxis"]["unit"] == "s"
    assert drawn(made)["Packing"]["description"] == "Packing in the hall (pack_seconds, mean)."


def test_a_panel_has_a_line_for_each_label_and_its_alerts_limit(made: Declarations) -> None:
    """The legend has the labels, the dashed line is the alert's threshold, and the description names the alert."""
    orders = drawn(made)["Orders"]
    assert orders["targets"][0]["legendFormat"] == "{{service}} {{kind}}"
    assert orders["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == 5
    assert "OrdersHigh" in orders["description"]
    baskets = drawn(made)["Open baskets"]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["color"] for step in baskets] == ["red", "green"]


def test_a_gauge_may_be_drawn_below_0(made: Declarations) -> None:
    """Counters and histograms begin at 0; a gauge's axis begins where its values do."""
    found = drawn(made)
    assert "min" not in found["Balance"]["fieldConfig"]["defaults"]
    assert found["Orders"]["fieldConfig"]["defaults"]["min"] == 0


@pytest.mark.skipif(promtool.find() is None, reason="promtool is not on PATH")
def test_every_query_is_one_that_prometheus_takes(made: Declarations, tmp_path: Path) -> None:
    """The row's queries parse, with any value of the dashboard's variables."""
    asked = {title: plain(target["expr"]) for title, panel in drawn(made).items() for target in panel["targets"]}
    answer = promtool.check_queries(asked)
    assert answer.fine, answer.text
    assert len(asked) == 7
