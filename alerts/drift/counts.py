"""From counters to shares: the reference as it was scraped, exact counts of each step and window, bursts."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.algebra import Vector, ago, before, by, call, over
from alerts.drift.series import (
    BIN_COUNT,
    BIN_DELTA,
    BIN_RATIO,
    DEGREES,
    DESIGN_EFFECT,
    EFFECTIVE_ROWS,
    FEATURE,
    REFERENCE_ORDERED_RATIO,
    REFERENCE_RATIO,
    REFERENCE_ROWS,
    REFERENCE_SCORE,
    ROWS,
    SCALE,
    SLICE_COUNT,
    SLICE_EXCESS,
    SLICE_ROWS,
    SLICE_WEIGHT,
    WEIGHT,
    WINDOWED,
)
from alerts.promql import increase, resets
from alerts.rules import Recording
from alerts.windows import Windows, duration, milliseconds
from monitoring.catalogue import Metric, drift

_PRIOR = 0.5
"""Rows that each bin is given beforehand, as the reference's shares are smoothed."""


def recordings(windows: Windows) -> Iterator[Recording]:
    """The rules of this file, in the order in which one stands on another."""
    yield from _reference(windows)
    yield from _slices(windows)
    yield from _windows(windows)
    yield from _bursts(windows)
    # Bursts take from what live rows say; the reference's rows say as much as before.
    yield EFFECTIVE_ROWS.filled(ROWS() / DESIGN_EFFECT(), windows.step)
    rows = EFFECTIVE_ROWS()
    yield WEIGHT.filled((rows > 0) / (rows + REFERENCE_ROWS()), windows.step)
    yield SCALE.filled(WEIGHT() * REFERENCE_ROWS(), windows.step)


def _reference(windows: Windows) -> Iterator[Recording]:
    def known(metric: Metric, *labels: str) -> Vector:
        # Scraped at one address and seldom: a target that goes away must not make it blink.
        return by("max", (*FEATURE, *labels), over("last", metric, windows.memory))

    yield REFERENCE_RATIO.filled(known(drift.REFERENCE_RATIO, "bin"), windows.step)
    yield REFERENCE_SCORE.filled(known(drift.REFERENCE_SCORE, "bin"), windows.step)
    ordered = REFERENCE_RATIO() & REFERENCE_SCORE()
    yield REFERENCE_ORDERED_RATIO.filled(ordered / by("sum", FEATURE, ordered), windows.step)
    yield REFERENCE_ROWS.filled(known(drift.REFERENCE_ROWS), windows.step)


def _slices(windows: Windows) -> Iterator[Recording]:
    # A bin that no replica exposes would silently drop its term out of every score.
    yield SLICE_COUNT.filled(
        by("sum", (*FEATURE, "bin"), grown(drift.OBSERVATIONS, windows)) | REFERENCE_RATIO() * 0, windows.step
    )
    yield SLICE_ROWS.filled(by("sum", FEATURE, SLICE_COUNT()), windows.step)


def grown(counter: Metric, windows: Windows) -> Vector:
    """How much each counter grew in the last step: exactly, as two steps share the moment between them.

    A scrape that failed at that moment is bridged: both steps take the sample before it. Where the counter began,
    ended or started again in between, what was lost is made up for by extrapolation.
    """
    (span, share), (end, start) = windows.slice, windows.settled
    last, first = (over("last", counter, windows.bridge, moment) for moment in (end, start))
    whole = (last - first >= 0).unless(ago(resets(counter, span), end) > 0)
    return whole | ago(increase(counter, span), end) * share


def _windows(windows: Windows) -> Iterator[Recording]:
    for window in windows.windows:
        # Chained from the steps: the counters of a day would be more samples than one query may read.
        yield BIN_COUNT.filled(over("sum", SLICE_COUNT, windows.points(window)), windows.step, window=window)
    yield ROWS.filled(by("sum", WINDOWED, BIN_COUNT()), windows.step)
    yield BIN_DELTA.filled(BIN_COUNT() / (ROWS() > 0) - REFERENCE_RATIO(), windows.step)
    yield DEGREES.filled(by("count", WINDOWED, BIN_DELTA()) - 1, windows.step)
    prior = (DEGREES() + 1) * _PRIOR
    smoothed = BIN_DELTA() * (ROWS() / (ROWS() + prior))
    yield BIN_RATIO.filled(smoothed + REFERENCE_RATIO(), windows.step)


def _bursts(windows: Windows) -> Iterator[Recording]:
    """Neighbouring steps differ by chance alone, however drift and the time of day go: more is bursts."""
    now, last = SLICE_ROWS() > 0, before(SLICE_ROWS, windows.step) > 0
    yield SLICE_WEIGHT.filled(now * last / (now + last), windows.step)
    # Of the short window, so that a bin that has just begun to fill is soon known as one that is.
    expected = (BIN_COUNT(window=windows.short) > 0) / ROWS(window=windows.short)
    plain = by("max", (*FEATURE, "bin"), expected)
    change = SLICE_COUNT() / now - before(SLICE_COUNT, windows.step) / last
    excess = by("sum", FEATURE, change**2 / plain) / (by("count", FEATURE, plain) - 1 > 0)
    yield SLICE_EXCESS.filled(excess * SLICE_WEIGHT() ** 2, windows.step)
    # The last short window is left out, so that what has just begun does not hide itself.
    rest = duration(milliseconds(windows.points(windows.long)) - milliseconds(windows.short))
    measured = over("sum", SLICE_EXCESS, rest, windows.short) / over("sum", SLICE_WEIGHT, rest, windows.short)
    yield DESIGN_EFFECT.filled(call("clamp_min", measured, 1) | 1 + 0 * REFERENCE_ROWS(), windows.step)
