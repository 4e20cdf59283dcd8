"""Run a panel's query on a few series with promtool, and compare what it gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import dashboards
from servewatch.check.sources import panels
from servewatch.check.texts import plain
from servewatch.stack import promtool

needs_promtool = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)


def board(name: str) -> dict[str, Any]:
    """The dashboard's JSON."""
    found: dict[str, Any] = json.loads(dashboards.DASHBOARDS[name])
    return found


def drawn(of: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its panels by title; where two have the same, the last."""
    return {panel["title"]: panel for panel in panels(of) if panel["type"] != "row"}


def asked(
    folder: Path, expr: str, series: dict[str, str], wanted: dict[str, float], at: str = "10m", **chosen: str
) -> promtool.Answer:
    """Run the query on these series, a value a minute; `wanted` is what it gives, by labels."""
    samples = [{"labels": labels, "value": value} for labels, value in wanted.items()]
    case = {"expr": plain(expr, {"service": ".+", "slo": ".+"} | chosen), "eval_time": at, "exp_samples": samples}
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "1m", "input_series": inputs, "promql_expr_test": [case]}
    file = folder / "panel.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "1m", "tests": [test]}))
    return promtool.run_tests(file)
