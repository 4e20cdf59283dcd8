"""What a scrape costs: 2,000 series of a process; 8 processes after 1,000 restarts, beside prometheus_client's way.

python benchmarks/scrapes.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest

from monitoring.merge import Ledger, Merged, Snapshot, snapshot

LIVING = 8


def fill(registry: CollectorRegistry, series: int) -> None:
    """Half of the series in counters, half in histograms of 14 series each, every one of them counted once."""
    counter = Counter("bench_requests_total", "Requests.", ["endpoint", "code"], registry=registry)
    seconds = Histogram(
        "bench_seconds", "Seconds.", ["endpoint"], registry=registry, buckets=[i / 10 for i in range(1, 12)]
    )
    for number in range(series // 2):
        counter.labels(f"e{number}", "200").inc()
    for number in range(series // 28):
        seconds.labels(f"e{number}").observe(0.25)


def milliseconds(scrape: Callable[[], object], times: int) -> float:
    """The median of some scrapes."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        scrape()
        taken.append((time.perf_counter() - start) * 1e3)
    return statistics.median(taken)


def ours(restarts: int, series: int) -> Callable[[], bytes]:
    """Eight living processes and so many that have ended, in the master's book."""
    registry = CollectorRegistry()
    fill(registry, series)
    page: Snapshot = snapshot(registry)
    ledger = Ledger()
    for number in range(LIVING + restarts):
        ledger.begin(number)
        ledger.note(number, page)
        if number < restarts:
            ledger.end(number)
    shown = CollectorRegistry()
    shown.register(Merged(ledger.pages))
    return lambda: generate_latest(shown)


_CHILD = """
import sys, prometheus_client.values as values
from prometheus_client import CollectorRegistry, multiprocess
sys.path.insert(0, {folder!r})
import scrapes
for number in range({processes}):
    import prometheus_client.metrics as metrics
    metrics.values.ValueClass = values.MultiProcessValue(lambda number=number: number)
    scrapes.fill(CollectorRegistry(), {series})
"""


def theirs(folder: Path, restarts: int, series: int) -> Callable[[], bytes]:
    """The files that as many processes leave behind in prometheus_client's multi-process mode."""
    from prometheus_client import multiprocess

    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    code = _CHILD.format(folder=str(Path(__file__).parent), processes=LIVING + restarts, series=series)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(folder))
    return lambda: generate_latest(registry)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restarts", type=int, default=1000)
    parser.add_argument("--series", type=int, default=2000)
    given = parser.parse_args()
    disable_created_metrics()  # as the server does
    alone = CollectorRegistry()
    fill(alone, given.series)
    one = milliseconds(lambda: generate_latest(alone), 20)
    lines = len([line for line in generate_latest(alone).splitlines() if not line.startswith(b"#")])
    print(f"{lines} series, one process: {one:.1f} ms")
    few = max(200, given.series // 10)
    print(f"\nof {few} series a process, {LIVING} processes live:\n")
    print("| processes that have ended | ours, ms | prometheus_client, ms | ratio |\n| --- | --- | --- | --- |")
    for restarts in (0, given.restarts // 10, given.restarts):
        mine = milliseconds(ours(restarts, few), 20)
        with tempfile.TemporaryDirectory() as folder:
            other = milliseconds(theirs(Path(folder), restarts, few), 3)
        print(f"| {restarts:,} | {mine:.1f} | {other:.1f} | {other / mine:.0f} |")


if __name__ == "__main__":
    main()
