"""Quality: how often a model is right, estimated from its confidence, and measured by the labels that came."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.algebra import Vector, by, call, over
from alerts.drift import series as drift
from alerts.drift.counts import grown
from alerts.promql import Match
from alerts.rules import Alert, Recording
from alerts.series import Series
from alerts.values import percent
from alerts.windows import Windows, duration, milliseconds
from monitoring.catalogue import quality

MARGIN = 0.05
"""How far below the reference's accuracy is too far, where no other limit is set."""

SURE = 3.0
"""Standard deviations that lie between an accuracy and its limit before an alert believes it."""

MINIMUM_LABELS = 50
MINIMUM_ROWS = 100
_HALF = 0.5
_PRIOR = 1.0
"""Labels that each bin is given beforehand, as right as the reference's rows in it."""

_MODEL = ("service", "model", "model_version", "reference")
_WINDOWED = (*_MODEL, "window")
_MISSING = Match("!=", "missing")


BIN_ACCURACY = Series(
    "quality:reference_bin_accuracy", (*_MODEL, "bin"), "Accuracy of the reference's rows in each bin of confidence."
)
REFERENCE = Series("quality:accuracy_reference", _MODEL, "Accuracy of the reference's rows.")
LIMIT = Series("quality:accuracy_minimum", _MODEL, "The accuracy below which alerts fire.")
ROWS = Series("quality:confidence_count", (*_WINDOWED, "bin"), "Rows in each bin of confidence over each window.")
ESTIMATED = Series(
    "quality:accuracy_estimated",
    _WINDOWED,
    "Accuracy over each window as the confidence of its rows lets expect; not to be believed where inputs drift.",
)
ESTIMATED_SD = Series(
    "quality:accuracy_estimated_sd",
    _WINDOWED,
    "Standard deviation of the estimate, for the rows that came and those of the reference being few.",
)
DRIFTED = Series(
    "quality:drifted_inputs", _WINDOWED, "Inputs that drifted: while there are any, the estimate is not to be believed."
)
LABELLED_SLICE = Series("quality:labelled_slice", (*_MODEL, "bin"), "Labels that came in the last step.")
CORRECT_SLICE = Series("quality:correct_slice", (*_MODEL, "bin"), "Those of them that confirmed the prediction.")
LABELLED_COUNT = Series(
    "quality:labelled_count", (*_WINDOWED, "bin"), "Labels that came in each window, by the bin of confidence."
)
CORRECT_COUNT = Series("quality:correct_count", (*_WINDOWED, "bin"), "Those of them that confirmed the prediction.")
LABELS = Series("quality:labels", _WINDOWED, "Labels that came in each window, whenever their predictions were made.")
LABELLED_RATIO = Series(
    "quality:labelled_ratio", _WINDOWED, "Labels that came in each window, to the predictions made in it."
)
LABELLED_BIN_ACCURACY = Series(
    "quality:labelled_bin_accuracy", (*_WINDOWED, "bin"), "Accuracy in each bin of confidence, by labels and reference."
)
LABELLED = Series(
    "quality:accuracy_labelled",
    _WINDOWED,
    "Accuracy by the labels that came in each window, weighed as the confidence of the window's rows is spread.",
)
LABELLED_SD = Series("quality:accuracy_labelled_sd", _WINDOWED, "Standard deviation of the accuracy by labels.")


def recordings(windows: Windows) -> Iterator[Recording]:
    """The rules, in the order in which one stands on another."""
    yield from _reference(windows)
    yield from _estimate(windows)
    yield from _counts(windows)
    yield from _measured(windows)


def _reference(windows: Windows) -> Iterator[Recording]:
    # Scraped at one address and seldom: a target that goes away must not make it blink.
    known = by("max", (*_MODEL, "bin"), over("last", quality.CONFIDENCE_ACCURACY, windows.memory, bin=_MISSING))
    yield BIN_ACCURACY.filled(known, windows.step)
    ratio = _confidence(windows, drift.REFERENCE_RATIO, "bin")
    whole = by("sum", _MODEL, ratio & BIN_ACCURACY())
    yield REFERENCE.filled(by("sum", _MODEL, ratio * BIN_ACCURACY()) / whole, windows.step)
    told = by("max", _MODEL, over("last", quality.ACCURACY_MINIMUM, windows.memory))
    yield LIMIT.filled(told | REFERENCE() - MARGIN, windows.step)


def _confidence(windows: Windows, source: Series, *more: str) -> Vector:
    """A series of the output feature `confidence`, without the bin for rows that have none."""
    missing = {"bin": _MISSING} if "bin" in more else {}
    return by("max", (*_MODEL, *more), _last(windows, source, feature="confidence", role="output", **missing))


def _last(windows: Windows, source: Series, **matchers: str | Match) -> Vector:
    """What another group of rules recorded last: the two do not run at the same moment."""
    return over("last", source, windows.memory, **matchers)


def _estimate(windows: Windows) -> Iterator[Recording]:
    step = windows.step
    counted = _confidence(windows, drift.BIN_COUNT, "window", "bin")
    yield ROWS.filled(counted, step)
    whole = by("sum", _WINDOWED, ROWS() & BIN_ACCURACY()) > 0
    yield ESTIMATED.filled(by("sum", _WINDOWED, ROWS() * BIN_ACCURACY()) / whole, step)
    learnt = _confidence(windows, drift.REFERENCE_RATIO, "bin") * _confidence(windows, drift.REFERENCE_ROWS)
    guess = (learnt * BIN_ACCURACY() + _HALF) / (learnt + 2 * _HALF)  # of few rows, none wrong does not mean sure
    spread = by("sum", _WINDOWED, (ROWS() + ROWS() ** 2 / learnt) * (guess * (1 - guess)))
    yield ESTIMATED_SD.filled(call("sqrt", spread) / whole, step)
    drifted = by("count", _WINDOWED, _last(windows, drift.SCORE, role="input") > _last(windows, drift.Z_CRITICAL))
    yield DRIFTED.filled(drifted | 0 * ESTIMATED(), step)


def _counts(windows: Windows) -> Iterator[Recording]:
    pairs = (
        (quality.LABELLED, LABELLED_SLICE, LABELLED_COUNT),
        (quality.CORRECT, CORRECT_SLICE, CORRECT_COUNT),
    )
    for metric, part, _ in pairs:
        yield part.filled(by("sum", (*_MODEL, "bin"), grown(metric, windows)), windows.step)
    for _, part, whole in pairs:
        for window in windows.windows:
            yield whole.filled(over("sum", part, windows.points(window)), windows.step, window=window)


def _measured(windows: Windows) -> Iterator[Recording]:
    step = windows.step
    yield LABELS.filled(by("sum", _WINDOWED, LABELLED_COUNT()), step)
    predicted = by("max", _WINDOWED, _last(windows, drift.ROWS, role="output"))
    yield LABELLED_RATIO.filled(LABELS() / (predicted > 0), step)
    prior = BIN_ACCURACY() * _PRIOR
    yield LABELLED_BIN_ACCURACY.filled((CORRECT_COUNT() + prior) / (LABELLED_COUNT() + _PRIOR), step)
    share = ROWS() / (by("sum", _WINDOWED, ROWS() & BIN_ACCURACY()) > 0)
    weighed = by("sum", _WINDOWED, share * LABELLED_BIN_ACCURACY())
    # A model that tells no confidence, or a window without rows, has nothing to weigh by: every label counts alike.
    plain = by("sum", _WINDOWED, CORRECT_COUNT()) / (LABELS() > 0)
    yield LABELLED.filled((weighed & (LABELS() > 0)) | plain, step)
    many = LABELLED_COUNT() + (_PRIOR + 2 * _HALF)
    guess = (CORRECT_COUNT() + prior + _HALF) / many
    weighed_sd = call("sqrt", by("sum", _WINDOWED, share**2 * (guess * (1 - guess) / many)))
    guess = (by("sum", _WINDOWED, CORRECT_COUNT()) + _HALF) / (LABELS() + 2 * _HALF)
    plain_sd = call("sqrt", guess * (1 - guess) / (LABELS() + 1))
    yield LABELLED_SD.filled((weighed_sd & (LABELS() > 0)) | (plain_sd & (LABELS() > 0)), step)


def _low(accuracy: Series, spread: Series, windows: Windows) -> Vector:
    """An accuracy that is surely below its limit, to a tenth of a percent."""
    value = accuracy(window=windows.long)
    short = LIMIT() - (value + SURE * spread(window=windows.long)) > 0
    return call("round", value, 0.001) & short


_LIMITED = (
    '{{ with printf "quality:accuracy_minimum{service=%q,model=%q,model_version=%q,reference=%q}" '
    "$labels.service $labels.model $labels.model_version $labels.reference | query }}"
    "{{ . | first | value | humanizePercentage }} was the limit. {{ end }}"
)
_TOLD = (
    '{{ with printf "%s{service=%q,model=%q,model_version=%q,reference=%q,window=%q}" "SERIES" $labels.service '
    "$labels.model $labels.model_version $labels.reference $labels.window | query }}"
)


def _query(series: Series) -> str:
    return _TOLD.replace('"SERIES"', f'"{series.name}"')


def alerts(windows: Windows) -> tuple[Alert, ...]:
    """What is told, in the longest of the windows: a daily cycle does not move it."""
    labels = LABELS(window=windows.long) >= MINIMUM_LABELS
    rows = by("sum", _WINDOWED, ROWS(window=windows.long)) >= MINIMUM_ROWS
    lasts = duration(2 * milliseconds(windows.step))
    low = Alert(
        name="AccuracyLow",
        expr=(_low(LABELLED, LABELLED_SD, windows) & labels).expr,
        for_=lasts,
        severity="page",
        topic="quality",
        summary="{{ $labels.service }}: {{ $labels.model }} was right in {{ $value }} of cases",
        description=(
            f"By the labels of {{{{ $labels.window }}}} for version {{{{ $labels.model_version }}}}, surely so "
            f"({SURE:g} standard deviations). {_LIMITED}"
            f'{_query(LABELS)}Labels: {{{{ . | first | value | printf "%.0f" }}}}.{{{{ end }}}}'
        ),
        threshold=MARGIN,
        value=percent(limited=False),
        interval=windows.step,
    )
    estimate = _low(ESTIMATED, ESTIMATED_SD, windows) & rows
    estimated_low = Alert(
        name="AccuracyEstimateLow",
        # Where labels came they know better, whatever they say.
        expr=estimate.unless(labels).expr,
        for_=lasts,
        severity="ticket",
        topic="quality",
        summary="{{ $labels.service }}: {{ $labels.model }} was right in about {{ $value }} of cases",
        description=(
            "Estimated from the confidence of the predictions of {{ $labels.window }} by version "
            f"{{{{ $labels.model_version }}}}; no labels came that could tell. {_LIMITED}"
            f"{_query(DRIFTED)}{{{{ with . | first | value }}}}Not to be trusted: of its inputs {{{{ . }}}} had "
            "drifted, and confidence means what it meant only for inputs like the reference's.{{ else }}No input "
            "had drifted, so it can be trusted.{{ end }}{{ end }}"
        ),
        threshold=MARGIN,
        value=percent(limited=False),
        interval=windows.step,
    )
    return low, estimated_low


RECORDINGS = tuple(recordings(Windows()))
ALERTS = alerts(Windows())
