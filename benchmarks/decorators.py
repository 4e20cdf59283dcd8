"""What a decorated call costs, as a ratio to the bare prometheus_client operation that it stands for.

python benchmarks/decorators.py [--rounds 15]

Of each pair, one function does the operation by hand where it is needed, and the other is decorated; the time of the
same function without either is taken off both. Each ratio is the median over rounds that are interleaved.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import counted, in_progress, observed, timed
from monitoring.own import Declarations

CALLS = 20_000
LIMIT = 1.5
REGISTRY = CollectorRegistry()
COUNTER = Counter("bare", "b", registry=REGISTRY)
KINDS = Counter("kinds", "k", ["kind"], registry=REGISTRY)
SECONDS = Histogram("seconds", "s", registry=REGISTRY)
RUNNING = Gauge("running", "r", registry=REGISTRY)
OWN = Declarations(None)
OWN_COUNTER = OWN.counter("own_total", "o")
OWN_KINDS = OWN.counter("own_kinds_total", "k", labels=("kind",))
OWN_SECONDS = OWN.histogram("own_seconds", "s", buckets=SECONDS._kwargs.get("buckets", Histogram.DEFAULT_BUCKETS)[:-1])


def _plain(order: str) -> str:
    return order


async def _plain_async(order: str) -> str:
    return order


def _count(order: str) -> str:
    COUNTER.inc()
    return order


async def _count_async(order: str) -> str:
    COUNTER.inc()
    return order


def _count_kind(order: str) -> str:
    KINDS.labels(kind=order).inc()
    return order


async def _count_kind_async(order: str) -> str:
    KINDS.labels(kind=order).inc()
    return order


def _time_it(order: str) -> str:
    start = time.perf_counter()
    try:
        return order
    finally:
        SECONDS.observe(time.perf_counter() - start)


async def _time_it_async(order: str) -> str:
    start = time.perf_counter()
    try:
        return order
    finally:
        SECONDS.observe(time.perf_counter() - start)


def _track(order: str) -> str:
    RUNNING.inc()
    try:
        return order
    finally:
        RUNNING.dec()


async def _track_async(order: str) -> str:
    RUNNING.inc()
    try:
        return order
    finally:
        RUNNING.dec()


def _observe(order: str) -> str:
    SECONDS.observe(len(order))
    return order


async def _observe_async(order: str) -> str:
    SECONDS.observe(len(order))
    return order


def _kind(result: str, order: str) -> str:
    return order


PAIRS: dict[str, tuple[Callable, Callable, Callable]] = {
    "counted": (_count, _count_async, counted(COUNTER)),
    "counted, of monitoring.own": (_count, _count_async, counted(OWN_COUNTER)),
    "counted by label": (_count_kind, _count_kind_async, counted(KINDS, label=_kind)),
    "counted by label, of monitoring.own": (_count_kind, _count_kind_async, counted(OWN_KINDS, label=_kind)),
    "timed": (_time_it, _time_it_async, timed(SECONDS)),
    "timed, of monitoring.own": (_time_it, _time_it_async, timed(OWN_SECONDS)),
    "in_progress": (_track, _track_async, in_progress(RUNNING)),
    "observed": (_observe, _observe_async, observed(SECONDS, len)),
}


def of_calls(function: Callable) -> float:
    """Nanoseconds of CPU a call."""
    start = time.process_time_ns()
    for _ in range(CALLS):
        function("book")
    return (time.process_time_ns() - start) / CALLS


def of_coroutines(function: Callable) -> float:
    """The same of coroutines, on an event loop."""

    async def run() -> float:
        start = time.process_time_ns()
        for _ in range(CALLS):
            await function("book")
        return (time.process_time_ns() - start) / CALLS

    return asyncio.run(run())


def measure(bare: Callable, decorated: Callable, nothing: Callable, of: Callable, rounds: int) -> tuple[float, ...]:
    """Nanoseconds of the operation by hand, of the decorated call, and their ratio."""
    by_hand, by_decorator, ratios = [], [], []
    for _ in range(rounds):
        base, one, other = of(nothing), of(bare), of(decorated)
        by_hand.append(one - base)
        by_decorator.append(other - base)
        ratios.append((other - base) / (one - base))
    return statistics.median(by_hand), statistics.median(by_decorator), statistics.median(ratios)


def main() -> None:
    """Print a line for each decorator, for def and async def."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print(f"{'decorator':38} {'':9} {'by hand':>9} {'decorated':>10} {'ratio':>6}   (at most {LIMIT})")
    for name, (bare, bare_async, decorate) in PAIRS.items():
        cases = (
            ("def", bare, decorate(_plain), _plain, of_calls),
            ("async def", bare_async, decorate(_plain_async), _plain_async, of_coroutines),
        )
        for function, by_hand, decorated, nothing, of in cases:
            one, other, ratio = measure(by_hand, decorated, nothing, of, rounds)
            print(f"{name:38} {function:9} {one:6.0f} ns {other:7.0f} ns {ratio:6.2f}")


if __name__ == "__main__":
    main()
