"""The alerts on drift. All are tickets: drift says that a model may be wrong, not that anybody is served worse now."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.algebra import Vector, by, call, over, vector
from alerts.drift.scores import MINIMUM_ROWS
from alerts.drift.series import (
    EFFECTIVE_ROWS,
    FEATURE,
    QUALITY_RATIO,
    QUALITY_REFERENCE_RATIO,
    REFERENCE_ROWS,
    ROWS,
    SCALE,
    SCORE,
    WEIGHT,
    Z_CRITICAL,
)
from alerts.drift.texts import moved, scores, shares
from alerts.promql import Expr, increase, like
from alerts.rules import Alert
from alerts.values import decimals, percent
from alerts.windows import Windows, duration, milliseconds
from monitoring.catalogue import drift

QUALITY_LIMIT = 0.01
"""Rows that may be missing, out of range or unseen beyond the reference's share: fewer are a matter of taste."""

DROPPED_LIMIT = 0.1
"""Share of the rows that may go uncounted: beyond it the scores are of another traffic than what is served."""

_MODEL = ("service", "model", "model_version")


def alerts(windows: Windows) -> Iterator[Alert]:
    """Every alert on drift."""
    yield _drift("DataDrift", "input", windows)
    yield _drift("PredictionDrift", "output", windows)
    yield _data_quality(windows)
    yield _reference_missing(windows)
    yield _blind(windows)


# Windows are put together: one fault shows in each of them, in one after the other, and is told once.


def _drift(name: str, role: str, windows: Windows) -> Alert:
    return Alert(
        name=name,
        expr=_expr(by("max", FEATURE, _known(_drifted(role, windows), windows))),
        for_=windows.step,
        severity="ticket",
        topic="drift",
        threshold=0,
        value=decimals(1, limited=False),
        summary=(
            "{{ $labels.service }}: {{ $labels.feature }} of {{ $labels.model }} drifted, with a score of {{ $value }}"
        ),
        description=f"Score {scores()}. {moved()}",
        interval=windows.step,
    )


def _drifted(role: str, windows: Windows) -> Vector:
    """Surely different over the long window, or over a short one and not so at the same time of the day before."""
    long = SCORE(role=role, window=windows.long) > Z_CRITICAL()
    briefly = like("|".join(windows.windows[:-1]))
    offset = milliseconds(windows.long) - milliseconds(windows.short)
    yesterday = over("max", SCORE, duration(2 * milliseconds(windows.short)), duration(offset), role=role)
    daily = yesterday > Z_CRITICAL() / 2
    return long | (SCORE(role=role, window=briefly) > Z_CRITICAL()).unless(daily)


def _known(found: Vector, windows: Windows) -> Vector:
    """What has been watched for longer than the short window: before that nobody knows how bursty its rows are."""
    return found & by("max", FEATURE, over("last", ROWS, windows.memory, windows.short, window=windows.long))


def _data_quality(windows: Windows) -> Alert:
    excess = QUALITY_RATIO() - QUALITY_REFERENCE_RATIO()
    pooled = excess * WEIGHT() + QUALITY_REFERENCE_RATIO()
    chance = call("sqrt", call("clamp_min", pooled * (1 - pooled), 0) / SCALE())
    # Rare faults come as a Poisson does: the square of the limit, in rows, is as rare as the limit itself.
    sure = (excess > Z_CRITICAL() * chance) & (excess * EFFECTIVE_ROWS() > Z_CRITICAL() ** 2)
    enough = (excess > QUALITY_LIMIT) & (ROWS() >= MINIMUM_ROWS)
    return Alert(
        name="DataQuality",
        expr=_expr(by("max", (*FEATURE, "kind"), call("round", _known(enough & sure, windows), 0.001))),
        for_=windows.step,
        severity="ticket",
        topic="drift",
        threshold=QUALITY_LIMIT,
        value=percent(),
        summary=(
            "{{ $labels.service }}: {{ $labels.feature }} of {{ $labels.model }} was {{ $labels.kind }} in "
            "{{ $value }} more rows than in the reference"
        ),
        description=f"An {{{{ $labels.role }}}}: {shares()}. {QUALITY_LIMIT:.0%} more is the limit.",
        interval=windows.step,
    )


def _reference_missing(windows: Windows) -> Alert:
    seen = [by("max", _MODEL, vector(increase(one, windows.memory))) for one in (drift.OBSERVATIONS, drift.DROPPED)]
    return Alert(
        name="DriftReferenceMissing",
        expr=_expr((seen[0] | seen[1]).unless(by("max", _MODEL, REFERENCE_ROWS()))),
        for_=windows.memory,
        severity="ticket",
        topic="drift",
        threshold=0,
        summary="{{ $labels.service }}: {{ $labels.model }} {{ $labels.model_version }} ran without a reference",
        description=(
            "It is watched, but Prometheus scraped no reference of it, so that no drift could be seen: either it was "
            "stored without one, or the path /metrics/reference was not scraped."
        ),
        interval=windows.step,
    )


def _blind(windows: Windows) -> Alert:
    rows = by("max", _MODEL, ROWS(window=windows.long))
    known = by("max", _MODEL, over("last", REFERENCE_ROWS, windows.memory, windows.long))
    dropped, failed = (by("sum", _MODEL, vector(increase(one, windows.short))) for one in (drift.DROPPED, drift.FAILED))
    lost = (dropped + failed) | dropped
    share = lost / (lost + by("max", _MODEL, ROWS(window=windows.short)))
    return Alert(
        name="DriftBlind",
        expr=_expr((share > DROPPED_LIMIT) | 1 + (rows.same(0) & known)),
        for_=windows.memory,
        severity="ticket",
        topic="drift",
        threshold=DROPPED_LIMIT,
        summary="{{ $labels.service }}: drift of {{ $labels.model }} {{ $labels.model_version }} could not be seen",
        description=(
            f"No row of it was counted over {windows.long}, though its reference was there, or more than "
            f"{DROPPED_LIMIT:.0%} of its rows over {windows.short} were not: they came faster than they can be "
            "counted, or are not what the reference was learnt from."
        ),
        interval=windows.step,
    )


def _expr(found: Vector) -> Expr:
    return found.expr
