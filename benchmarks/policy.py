"""What waiting for company costs and brings: our batching policy beside fixed waits, simulated.

Requests of one row come at random to one runner, whose batch takes `CALL + ROW * rows`. `serving.batcher.decide`
itself says when a batch goes; a fixed wait lets each batch's oldest request wait that long, as other servers do.

    python benchmarks/policy.py
"""

from __future__ import annotations

import argparse
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from serving.batcher import Limits, decide

CALL, ROW = 0.002, 0.00005
TURN = 0.00005
"""Seconds of an event loop's iteration that brings nothing."""
LIMITS = Limits(max_rows=64, max_wait=0.01, max_queue_rows=10**9)
RATES = (20, 200, 450, 2_000, 8_000)

Policy = Callable[[int, float, float], float]
"""For (rows waiting, age of the oldest, seconds until the next arrival): the seconds to wait yet, 0 for go."""


def ours(rows: int, age: float, next_arrival: float) -> float:
    """An idle runner goes as soon as a turn of the loop has brought nobody."""
    if decide(rows, age, next_arrival <= TURN, False, LIMITS):
        return 0.0
    return next_arrival


def fixed(wait: float) -> Policy:
    """Full, or the oldest has waited that long."""

    def policy(rows: int, age: float, next_arrival: float) -> float:
        if rows >= LIMITS.max_rows or age >= wait:
            return 0.0
        return min(wait - age, next_arrival)

    return policy


@dataclass(frozen=True)
class Outcome:
    """What the requests of one run met."""

    p50: float
    p99: float
    rows: float
    busy: float


def simulate(policy: Policy, rate: float, requests: int, seed: int = 0) -> Outcome:
    """Serve so many requests, and tell how long they took."""
    chance = random.Random(seed)
    clock = 0.0
    arrivals = deque(clock := clock + chance.expovariate(rate) for _ in range(requests))
    waiting: deque[float] = deque()
    taken: list[float] = []
    now = busy = 0.0
    batches = 0
    while arrivals or waiting:
        if not waiting:
            now = max(now, arrivals[0])
        while arrivals and arrivals[0] <= now:
            waiting.append(arrivals.popleft())
        ahead = arrivals[0] - now if arrivals else float("inf")
        pause = policy(len(waiting), now - waiting[0], ahead)
        if pause > 1e-12 and (arrivals or pause < float("inf")):
            now += pause
            continue
        batch = [waiting.popleft() for _ in range(min(len(waiting), LIMITS.max_rows))]
        seconds = CALL + ROW * len(batch)
        now += seconds
        busy += seconds
        batches += 1
        taken.extend(now - arrived for arrived in batch)
    taken.sort()
    return Outcome(taken[len(taken) // 2], taken[len(taken) * 99 // 100], requests / batches, busy / now)


def table(requests: int) -> str:
    """Markdown: for each rate, each policy's median and 99th percentile in ms, and its mean batch."""
    policies: dict[str, Policy] = {"ours": ours, "no wait": fixed(0.0)}
    policies |= {f"{wait * 1000:g} ms": fixed(wait) for wait in (0.002, 0.005, 0.01, 0.05)}
    lines = ["| requests/s | " + " | ".join(policies) + " |", "| --- |" + " --- |" * len(policies)]
    for rate in RATES:
        cells = []
        for policy in policies.values():
            met = simulate(policy, rate, requests)
            cells.append(f"{met.p50 * 1e3:.1f} / {met.p99 * 1e3:.1f} ms, {met.rows:.1f} rows")
        lines.append(f"| {rate:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000)
    given = parser.parse_args()
    print(f"A call takes {CALL * 1e3:g} ms and {ROW * 1e6:g} us a row; p50 / p99, mean rows of a batch.\n")
    print(table(given.requests))


if __name__ == "__main__":
    main()
