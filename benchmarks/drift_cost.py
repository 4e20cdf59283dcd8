"""What watching costs, beside the plain way with prometheus_client: `python benchmarks/drift_cost.py`.

The plain way looks each value up in the edges and increments a child of a Counter for each bin that was hit. Both count
the same rows of the same 200 features, in the same process, turn by turn, and must come to the same counts.
"""

from __future__ import annotations

import argparse
import bisect
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
from prometheus_client import CollectorRegistry, Counter, generate_latest

from monitoring.drift import Watcher
from monitoring.drift.binner import Binner
from monitoring.drift.counts import Counts
from monitoring.drift.heap import Heap
from monitoring.exposition import Asked, page
from monitoring.reference import Feature, Reference, extractor

NAME = "servewatch_feature_observations"


def reference(features: int, edges: int) -> Reference:
    """Features of numbers with so many edges each: with 10 edges, 12 bins."""
    chance = np.random.default_rng(0)

    def feature(number: int) -> Feature:
        cut = np.sort(chance.normal(size=edges).astype(np.float32)).tolist()
        return Feature(f"x{number}", "input", (1,) * (edges + 2), tuple(cut), dtype="float32")

    made = tuple(feature(number) for number in range(features))
    served = [each.name for each in made]
    return Reference(made, {"inputs": {"kind": "columns", "served": served, "dtype": "float32"}})


class Ours:
    """The watcher's work: features of a batch, its bins, the counts; the text of the page."""

    def __init__(self, watched: Reference) -> None:
        self.registry = CollectorRegistry()
        self._counts = Counts.private(sum(len(feature.bins) for feature in watched.features))
        self._extract = extractor(watched)
        self._binner = Binner(watched.features, self._extract.numbers, self._extract.categories)
        self._watcher = Watcher(watched, registry=self.registry)
        self._watcher.close()

    def count(self, rows: np.ndarray) -> None:
        found = self._extract(rows)
        self._counts.add(self._binner.count(found.numbers, found.codes))

    def total(self) -> list[int]:
        return self._counts.total().tolist()

    def show(self) -> bytes:
        return page(self.registry, Asked()).content


class Plain:
    """A child of a Counter for each bin."""

    def __init__(self, watched: Reference) -> None:
        self.registry = CollectorRegistry()
        counter = Counter(NAME, "Rows in each bin.", ["feature", "role", "bin"], registry=self.registry)
        self._children = [[counter.labels(f.name, f.role, label) for label in f.bins] for f in watched.features]
        self._edges = [list(feature.edges) for feature in watched.features]

    def count(self, rows: np.ndarray) -> None:
        for edges, children, column in zip(self._edges, self._children, rows.T.tolist(), strict=True):
            for value in column:
                children[bisect.bisect_left(edges, value) if value == value else -1].inc()

    def total(self) -> list[int]:
        return [int(child._value.get()) for children in self._children for child in children]

    def show(self) -> bytes:
        return generate_latest(self.registry)


def turns(works: Sequence[Callable[[], object]], rounds: int, least: float = 0.02) -> list[float]:
    """The median CPU seconds of one call of each, measured in turn: what else runs meanwhile does not count."""
    times: list[list[float]] = [[] for _ in works]
    repeats = []
    for work in works:
        start, calls = time.process_time(), 0
        while time.process_time() - start < least:
            work()
            calls += 1
        repeats.append(calls)
    for _ in range(rounds):
        for taken, work, calls in zip(times, works, repeats, strict=True):
            start = time.process_time()
            for _ in range(calls):
                work()
            taken.append((time.process_time() - start) / calls)
    return [statistics.median(taken) for taken in times]


def offer(watched: Reference, rows: np.ndarray, rounds: int = 2000) -> float:
    """The median seconds for which a request's own path is held: only the handing over."""
    watcher = Watcher(watched, registry=CollectorRegistry(), heap=Heap(most_rows=1 << 30, most_bytes=1 << 40))
    taken = []
    for number in range(rounds):
        start = time.perf_counter_ns()
        watcher.observe(rows)
        taken.append(time.perf_counter_ns() - start)
        if number % 64 == 63:
            watcher.flush()
    watcher.close()
    return statistics.median(taken) / 1e9


def main() -> None:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=200)
    parser.add_argument("--edges", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    watched = reference(given.features, given.edges)
    ours, plain = Ours(watched), Plain(watched)
    chance = np.random.default_rng(1)
    print(f"{given.features} features, {len(ours.total())} counters\n")
    print(f"{'':44}{'ours':>12}{'plain':>12}{'plain / ours':>14}")
    for size in (1, 8, 64, 512):
        rows = chance.normal(size=(size, given.features)).astype(np.float32)
        before = [np.array(one.total()) for one in (ours, plain)]
        ours.count(rows), plain.count(rows)
        if not np.array_equal(*(np.array(one.total()) - old for one, old in zip((ours, plain), before, strict=True))):
            raise SystemExit("the two ways do not count the same")
        fast, slow = turns([lambda rows=rows: ours.count(rows), lambda rows=rows: plain.count(rows)], given.rounds)
        told = f"count a row, in batches of {size}"
        print(f"{told:44}{fast / size * 1e6:9.2f} us{slow / size * 1e6:9.2f} us{slow / fast:14.1f}")
    fast, slow = turns([ours.show, plain.show], given.rounds)
    print(f"{'show the page':44}{fast * 1e3:9.2f} ms{slow * 1e3:9.2f} ms{slow / fast:14.1f}")
    rows = chance.normal(size=(64, given.features)).astype(np.float32)
    (slow,) = turns([lambda: plain.count(rows)], given.rounds)
    held = offer(watched, rows)
    print(f"{'held on the path of a batch of 64':44}{held * 1e6:9.2f} us{slow * 1e6:9.2f} us{slow / held:14.0f}")


if __name__ == "__main__":
    main()
