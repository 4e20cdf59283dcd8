"""False alarms: 50 features that did not drift, judged by our rules, by two rules of thumb and by Evidently's defaults.

`python benchmarks/false_alarms.py` prints the tables of alerts/DRIFT.md. The scores are those of the recording rules,
in numpy (`drift_model.py`; a test compares it with a real Prometheus); Evidently is asked where it is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from alerts.windows import Windows
from benchmarks import drift_model

FEATURES, REFERENCE_ROWS, BINS = 50, 5000, 10
ROWS = (50, 100, 200, 1000, 10_000)
ONE_IN_A_HUNDRED = NormalDist().inv_cdf(0.99)

Array = npt.NDArray[np.float64]


def samples(rng: np.random.Generator, rows: int, bursts: int = 1) -> Array:
    """Rows of 50 features of four kinds: normal, lognormal, uniform, and counts with many ties."""
    drawn = rows // bursts
    kinds = (
        rng.normal(size=(drawn, 13)),
        rng.lognormal(size=(drawn, 13)),
        rng.uniform(size=(drawn, 12)),
        rng.poisson(3, size=(drawn, 12)).astype(float),
    )
    return np.repeat(np.concatenate(kinds, axis=1), bursts, axis=0)


def counted(values: Array, edges: Array) -> Array:
    """How many values are in each bin, and none missing: bins are open at the left and closed at the right."""
    found = np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1)
    return np.append(found, 0).astype(float)


def learnt(values: Array) -> Array:
    """Edges at the deciles, with one below the smallest value; ties merge."""
    inner = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:], method="inverted_cdf")
    return np.unique(np.append(inner, np.nextafter(values.min(), -np.inf)))


class Tally:
    """Alarms of each rule over all looks."""

    def __init__(self) -> None:
        self.alarms: dict[str, int] = {}
        self.looks = 0

    def add(self, live: Array, reference: Array, effect: float = 1.0, limits: tuple[float, float] = (0.0, 0.0)) -> None:
        """Judge one window of one feature."""
        plain = max(drift_model.z(live, reference, 0, effect), drift_model.rank_z(live, reference, 0, effect))
        score, psi = drift_model.score(live, reference, effect), drift_model.psi(live, reference)
        enough = live.sum() >= drift_model.MINIMUM_ROWS
        told = {
            "ours, hour": score > limits[0],
            "ours, day": score > limits[1],
            "z > 2.33, no floor": enough and plain > ONE_IN_A_HUNDRED,
            "PSI > 0.1": psi > 0.1,
            "PSI > 0.2": psi > 0.2,
        }
        for name, alarm in told.items():
            self.alarms[name] = self.alarms.get(name, 0) + int(alarm)
        self.looks += 1

    def shares(self) -> dict[str, float]:
        """Share of the looks that each rule took for drift."""
        return {name: alarms / self.looks for name, alarms in self.alarms.items()}


def ours(rng: np.random.Generator, rows: int, repeats: int, bursts: int = 1, measured: bool = True) -> dict[str, float]:
    """Judge as many windows of each feature, each time against a reference drawn anew."""
    tally, windows = Tally(), Windows()
    limits = (drift_model.critical(FEATURES, windows.short), drift_model.critical(FEATURES, windows.long))
    for _ in range(repeats):
        reference, live = samples(rng, REFERENCE_ROWS), samples(rng, rows, bursts)
        past = samples(rng, 250 * rows // bursts * bursts, bursts) if bursts > 1 and measured else None
        for at in range(FEATURES):
            edges = learnt(reference[:, at])
            effect = 1.0
            if past is not None:
                slices = past[:, at].reshape(250, -1)
                effect = drift_model.design_effect(np.array([counted(one, edges) for one in slices]), 0)
            tally.add(counted(live[:, at], edges), counted(reference[:, at], edges), effect, limits)
    return tally.shares()


def evidently(rng: np.random.Generator, rows: int, repeats: int) -> float | None:
    """The share of columns that DataDriftPreset() calls drifted; None where it is not installed."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            import pandas
            from evidently import Report
            from evidently.presets import DataDriftPreset
        except ImportError:
            return None
        found = []
        for _ in range(repeats):
            live, reference = (pandas.DataFrame(samples(rng, n)).add_prefix("f") for n in (rows, REFERENCE_ROWS))
            said = Report([DataDriftPreset()]).run(live, reference).dict()
            counts = (one["value"] for one in said["metrics"] if one["metric_name"].startswith("DriftedColumnsCount"))
            found.append(next(counts)["share"])
    return float(np.mean(found))


DRIFTS: dict[str, Callable[[Array], Array]] = {
    "shift by 0.1 sd": lambda x: x + 0.1,
    "shift by 0.25 sd": lambda x: x + 0.25,
    "shift by 0.5 sd": lambda x: x + 0.5,
    "shift by 1 sd": lambda x: x + 1,
    "spread times 1.25": lambda x: x * 1.25,
    "spread times 1.5": lambda x: x * 1.5,
    "2 % beyond the range": lambda x: np.where(np.arange(x.size) % 50 == 0, 99.0, x),
    "5 % beyond the range": lambda x: np.where(np.arange(x.size) % 20 == 0, 99.0, x),
}


def seen(rng: np.random.Generator, rows: int, drift: Callable[[Array], Array], repeats: int) -> float:
    """The share of windows of a normal feature in which our hourly rule sees a drift."""
    limit, alarms = drift_model.critical(FEATURES, Windows().short), 0
    for _ in range(repeats):
        reference = rng.normal(size=REFERENCE_ROWS)
        edges, live = learnt(reference), drift(rng.normal(size=rows))
        alarms += int(drift_model.score(counted(live, edges), counted(reference, edges)) > limit)
    return alarms / repeats


def lines(names: list[str], table: dict[str, Callable[[], list[float | None]]]) -> Iterator[str]:
    """A Markdown table whose rows are computed as they are printed."""
    yield f"| | {' | '.join(names)} |"
    yield f"| --- |{' --- |' * len(names)}"
    for title, row in table.items():
        yield f"| {title} | {' | '.join('not installed' if x is None else f'{x:.2%}' for x in row())} |"


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=200, help="windows of each feature")
    options.add_argument(
        "--evidently", type=int, default=3, help="reports of Evidently for each number of rows; 0: none"
    )
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    rng = np.random.default_rng(chosen.seed)
    names = ["ours, hour", "ours, day", "z > 2.33, no floor", "PSI > 0.1", "PSI > 0.2", "Evidently's defaults"]

    def row(rows: int) -> list[float | None]:
        found = ours(rng, rows, chosen.repeats)
        theirs = evidently(rng, rows, chosen.evidently) if chosen.evidently else None
        return [*(found[name] for name in names[:-1]), theirs]

    def burst(measured: bool) -> list[float | None]:
        found = ours(rng, 1000, max(1, chosen.repeats // 5), 5, measured)
        return [found[name] for name in names[:-1]]

    print(
        f"{FEATURES} features without drift, {chosen.repeats} windows of each: share of the looks that were an alarm\n"
    )
    print(*lines(names, {f"{rows} rows": lambda rows=rows: row(rows) for rows in ROWS}), sep="\n")
    print("\n1000 rows that come in fives of the same row\n")
    bursts = {"design effect measured": lambda: burst(True), "not measured": lambda: burst(False)}
    print(*lines(names[:-1], bursts), sep="\n")
    print("\nOne of 50 features drifts: share of the windows in which our hourly rule sees it\n")
    sizes = ROWS[2:]
    drifts = {
        name: lambda drift=drift: [seen(rng, rows, drift, chosen.repeats) for rows in sizes]
        for name, drift in DRIFTS.items()
    }
    print(*lines([f"{rows} rows" for rows in sizes], drifts), sep="\n")


if __name__ == "__main__":
    main()
