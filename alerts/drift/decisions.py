"""From scores to decisions: how sure is sure enough, and which faults of the data need no score."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.algebra import Vector, by, call
from alerts.drift.series import (
    BIN_COUNT,
    FEATURE,
    FEATURES,
    QUALITY_RATIO,
    QUALITY_REFERENCE_RATIO,
    REFERENCE_RATIO,
    REFERENCE_SCORE,
    ROWS,
    SERVICE,
    WINDOWED,
    Z_CRITICAL,
    Z_TAIL,
)
from alerts.rules import Recording
from alerts.windows import Windows
from monitoring.catalogue import drift

TESTS = 2
"""Each feature is tested for its bins and for its ranks."""

_ABOVE, _BELOW = (2.515517, 0.802853, 0.010328), (1.0, 1.432788, 0.189269, 0.001308)
"""Quotient of polynomials that gives a normal quantile, to 0.00045 (Hastings 1955; Abramowitz and Stegun 26.2.23)."""


def recordings(windows: Windows) -> Iterator[Recording]:
    """The rules of this file, in the order in which one stands on another."""
    yield FEATURES.filled(by("count", SERVICE, ROWS()), windows.step)
    for window in windows.windows:
        chances = FEATURES(window=window) * tests_a_month(windows, window)
        tail = by("max", ("service",), call("clamp_min", chances / windows.false_pages, 2))
        yield Z_TAIL.filled(call("sqrt", 2 * call("ln", tail)), windows.step, window=window)
    yield Z_CRITICAL.filled(Z_TAIL() - _polynomial(_ABOVE) / _polynomial(_BELOW), windows.step)
    yield from _quality(windows.step)


def tests_a_month(windows: Windows, window: str) -> float:
    """How many chances a feature has in a month to raise a false alarm, over all windows as many as over this one."""
    return TESTS * len(windows.windows) * windows.looks(window)


def _polynomial(factors: tuple[float, ...]) -> Vector:
    whole = Z_TAIL() * factors[-1] + factors[-2]
    for factor in reversed(factors[:-2]):
        whole = whole * Z_TAIL() + factor
    return whole


def _quality(step: str) -> Iterator[Recording]:
    score = REFERENCE_SCORE()
    ends = score.same(by("min", FEATURE, score)) | score.same(by("max", FEATURE, score))
    counted, learnt = BIN_COUNT(), REFERENCE_RATIO()
    kinds = {
        "missing": (BIN_COUNT(bin=drift.MISSING), REFERENCE_RATIO(bin=drift.MISSING)),
        "out_of_range": (counted & ends, learnt & ends),
        "unseen": (BIN_COUNT(bin=drift.OTHER), REFERENCE_RATIO(bin=drift.OTHER)),
    }
    for kind, (live, reference) in kinds.items():
        share = by("sum", WINDOWED, live) / (ROWS() > 0)
        yield QUALITY_RATIO.filled(share, step, kind=kind)
        yield QUALITY_REFERENCE_RATIO.filled(by("sum", FEATURE, reference), step, kind=kind)
