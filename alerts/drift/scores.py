"""From shares to scores: how far each feature is from its reference, and how surely."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.algebra import Vector, by, call, larger, over
from alerts.drift.series import (
    BIN_COUNT,
    BIN_DELTA,
    BIN_RATIO,
    CDF_GAP,
    DEGREES,
    DESIGN_EFFECT,
    FEATURE,
    JENSEN_SHANNON,
    KS,
    ORDERED_DELTA,
    ORDERED_ROWS,
    PSI,
    RANK_SHIFT,
    RANK_Z,
    REFERENCE_ORDERED_RATIO,
    REFERENCE_RATIO,
    REFERENCE_ROWS,
    REFERENCE_SCORE,
    ROWS,
    SCALE,
    SCORE,
    TOTAL_VARIATION,
    WASSERSTEIN,
    WEIGHT,
    WINDOWED,
    G,
    Z,
)
from alerts.rules import Recording
from alerts.windows import Windows
from monitoring.catalogue import drift

MINIMUM_ROWS = 100
"""Below so many rows nothing is said: no test is right on fewer."""

PSI_FLOOR = 0.02
"""Drift so small that it changes no model, as a PSI: it belongs to what is taken for no drift."""

RANK_FLOOR = 0.04
"""The same as a shift of ranks: 0.14 standard deviations of a normal feature."""

ORDERED_BINS = 99
"""As many ordered bins as a feature can have."""


def recordings(windows: Windows) -> Iterator[Recording]:
    """The rules of this file, in the order in which one stands on another."""
    step = windows.step
    yield from _distances(step)
    yield from _along_the_order(windows)
    yield G.filled(_likelihood_ratio(), step)
    yield Z.filled(_surely(G(), DEGREES(), PSI_FLOOR * SCALE()) & (ROWS() >= MINIMUM_ROWS), step)
    yield RANK_SHIFT.filled(by("sum", WINDOWED, ORDERED_DELTA() * REFERENCE_SCORE()), step)
    shifted = (call("abs", RANK_SHIFT()) - RANK_FLOOR) / call("sqrt", _rank_variance())
    yield RANK_Z.filled(shifted & (ORDERED_ROWS() >= MINIMUM_ROWS), step)
    yield SCORE.filled(larger(Z(), RANK_Z()), step)


def _distances(step: str) -> Iterator[Recording]:
    live, reference, delta = BIN_RATIO(), REFERENCE_RATIO(), BIN_DELTA()
    yield PSI.filled(by("sum", WINDOWED, (live - reference) * call("ln", live / reference)), step)
    both = live + reference
    of_live = by("sum", WINDOWED, live * call("log2", 2 * live / both))
    of_reference = by("sum", WINDOWED, reference * call("log2", 2 * reference / both))
    yield JENSEN_SHANNON.filled((of_live + of_reference) / 2, step)
    yield TOTAL_VARIATION.filled(by("sum", WINDOWED, call("abs", delta)) / 2, step)


def _along_the_order(windows: Windows) -> Iterator[Recording]:
    step = windows.step
    ordered = BIN_COUNT() & REFERENCE_SCORE()
    yield ORDERED_ROWS.filled(by("sum", WINDOWED, ordered), step)
    yield ORDERED_DELTA.filled(ordered / (ORDERED_ROWS() > 0) - REFERENCE_ORDERED_RATIO(), step)
    # PromQL adds up over labels, not along them: each bin's rule adds its own to what the rule before recorded.
    for at in range(ORDERED_BINS):
        own = by("sum", WINDOWED, ORDERED_DELTA(bin=f"{at:02d}"))
        whole = by("sum", WINDOWED, CDF_GAP(bin=f"{at - 1:02d}")) + own if at else own
        yield CDF_GAP.filled(whole, step, bin=f"{at:02d}")
    yield KS.filled(by("max", WINDOWED, call("abs", CDF_GAP())), step)
    gaps = by("max", (*FEATURE, "bin"), over("last", drift.REFERENCE_GAP, windows.memory))
    yield WASSERSTEIN.filled(by("sum", WINDOWED, call("abs", CDF_GAP()) * gaps), step)


def _pooled() -> Vector:
    """The shares of live rows and the reference's taken together: what both are samples of if nothing drifted."""
    return REFERENCE_RATIO() + BIN_DELTA() * WEIGHT()


def _likelihood_ratio() -> Vector:
    """Unlike Pearson's it is right where bins are rare, and it takes the reference for the sample that it is."""
    live = REFERENCE_RATIO() + BIN_DELTA()
    of_live = by("sum", WINDOWED, (BIN_COUNT() > 0) * call("ln", live / _pooled())) / DESIGN_EFFECT()
    of_reference = by("sum", WINDOWED, REFERENCE_RATIO() * call("ln", REFERENCE_RATIO() / _pooled()))
    return 2 * (of_live + of_reference * REFERENCE_ROWS())


def _surely(ratio: Vector, degrees: Vector, floor: Vector) -> Vector:
    """A chi-square value as a standard normal one (Wilson and Hilferty), with the floor as its non-centrality."""
    mean = degrees + floor
    spread = 2 / 9 * (degrees + 2 * floor) / mean**2
    return ((ratio / mean) ** (1 / 3) - 1 + spread) / call("sqrt", spread)


def _rank_variance() -> Vector:
    """The variance of the mean rank under no drift, of the rows that are in order alone."""
    score = REFERENCE_SCORE()
    squares = by("sum", WINDOWED, (REFERENCE_ORDERED_RATIO() + ORDERED_DELTA() * WEIGHT()) * score**2)
    mean = RANK_SHIFT() * WEIGHT() + 0.5
    learnt = by("sum", FEATURE, REFERENCE_RATIO() & score) * REFERENCE_ROWS()
    rows = ORDERED_ROWS() / DESIGN_EFFECT()
    return (squares - mean**2) * (rows + learnt) / (rows * learnt)
