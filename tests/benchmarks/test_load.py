"""The benchmark reads wrk's reports right."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "benchmarks"
REPORT = """\
Running 5s test @ http://127.0.0.1:1/predict
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.19ms  499.40us  11.14ms   88.50%
    Req/Sec    10.05k   308.54    10.52k    79.99%
  Latency Distribution
     50%    7.07ms
     75%    7.95ms
     90%   46.93ms
     99%    1.05s
  36991 requests in 5.02s, 13.69MB read
  Socket errors: connect 0, read 3, write 0, timeout 2
  Non-2xx or 3xx responses: 7
Requests/sec:   7368.05
"""


def module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_rate_latency_and_failures_are_read() -> None:
    """Units are brought to milliseconds; errors and bad answers are both failures."""
    found = module("load").parse(REPORT)
    assert (found.rate, found.p50, found.p99, found.failed) == (7368.05, 7.07, 1050.0, 12)


def test_the_table_shows_medians_and_ratios() -> None:
    """The middle round counts, and each rate is set against the reference's of the same load."""
    load = module("load")
    report = module("report")
    rounds = {"a": [1.0, 9.0, 2.0], "b": [4.0, 4.0, 4.0]}
    results = {name: {"json": [load.Measured(r, 1.0, 2.0, 0) for r in rates]} for name, rates in rounds.items()}
    table = report.table(results, {"a": "A", "b": "B"}, "b")
    assert "| A | 2, 0.50 | 1.00, 2.0 |" in table
    assert "| B | 4, 1.00 | 1.00, 2.0 |" in table
