"""Labels that come later: each is matched with what its id says was predicted, and counted by confidence."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from monitoring.catalogue import quality
from monitoring.metrics import Incrementer, Metrics
from monitoring.quality.ids import MOST_ROWS, IdInvalid, Ids, Prediction, unpack
from monitoring.quality.labels import Classes, LabelInvalid
from monitoring.quality.memory import Memory

Reason = Literal["unmatched", "late", "duplicate", "invalid"]
REASONS: tuple[Reason, ...] = ("unmatched", "late", "duplicate", "invalid")
UNKNOWN = "unknown"
"""The model of a label whose prediction cannot be told."""

DAYS = 7.0
SKEW = 300.0
MOST_TOLD = 20
"""Rejected labels that an answer explains; the others it only counts."""

_MOST_IDS = 16


class Match(NamedTuple):
    """One label with its prediction: where it came, of what, and whether the prediction was right."""

    place: int
    subject: bytes
    key: int
    bin: int
    correct: bool


class Refusal(NamedTuple):
    """One label that is not counted, and why."""

    place: int
    subject: bytes
    reason: Reason
    message: str


@dataclass(slots=True)
class Found:
    """What was read of labels, before it is known which of them came a second time."""

    matches: list[Match] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def keys(self) -> list[int]:
        """What tells each matched label from others."""
        return [match.key for match in self.matches]


@dataclass(slots=True)
class Receipt:
    """What became of labels: how many were counted, how many of their predictions were right, what was not counted."""

    counted: int = 0
    correct: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Receipt) -> None:
        """Count another's labels in."""
        self.counted += other.counted
        self.correct += other.correct
        self.rejected.update(other.rejected)
        self.problems = [*self.problems, *other.problems][:MOST_TOLD]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "counted": self.counted,
            "correct": self.correct,
            "rejected": {reason: self.rejected[reason] for reason in REASONS},
            "problems": self.problems,
        }


class _Subject:
    """One subject's ids, classes and counters, which are exposed at 0 from here on."""

    def __init__(self, ids: Ids, metrics: Metrics) -> None:
        subject = ids.subject
        names = {"model": subject.model, "model_version": subject.version}
        whose = {**names, "reference": subject.reference.hash}
        self.ids = ids
        self.classes = Classes(subject.reference.classes)
        self.labelled = [metrics.counter(quality.LABELLED, **whose, bin=name) for name in subject.bins]
        self.correct = [metrics.counter(quality.CORRECT, **whose, bin=name) for name in subject.bins]
        self.rejected = _rejected(metrics, names)


def _rejected(metrics: Metrics, names: Mapping[str, str]) -> dict[Reason, Incrementer]:
    return {reason: metrics.counter(quality.REJECTED, **names, reason=reason) for reason in REASONS}


class Feedback:
    """Takes labels for the predictions of these subjects.

    It needs no memory of predictions: their ids carry them. So any replica that watches the same version with the
    same reference can take any label. Only what was labelled already has to be remembered, in each replica.
    """

    def __init__(
        self, all_ids: Iterable[Ids], metrics: Metrics, days: float = DAYS, clock: Callable[[], float] = time.time
    ) -> None:
        self._subjects = {ids.subject.key: _Subject(ids, metrics) for ids in all_ids}
        self._unknown = _rejected(metrics, {"model": UNKNOWN, "model_version": UNKNOWN})
        self._days, self._clock = days, clock
        self.memory = Memory(days * 86400)

    def take(self, items: Sequence[Any]) -> Receipt:
        """Read labels, forget those that came before, count the others."""
        found = self.read(items)
        return self.count(found, self.memory.add(found.keys))

    def read(self, items: Sequence[Any], first: int = 0) -> Found:
        """Match each `{"id": ..., "label": ...}` with its prediction; nothing is counted yet."""
        found = Found()
        for place, item in enumerate(items, first):
            for text in _texts(item):
                self._read(place, text, item, found)
        return found

    def _read(self, place: int, text: str | None, item: Any, found: Found) -> None:
        if text is None:
            said = 'expected {"id": the X-Prediction-Id of an answer, "label": its true class}'
            found.refusals.append(Refusal(place, b"", "invalid", said))
            return
        try:
            key, signed = unpack(text)
        except IdInvalid as error:
            found.refusals.append(Refusal(place, b"", "invalid", str(error)))
            return
        subject = self._subjects.get(key)
        if subject is None:
            said = "the prediction is of a model, version or reference that is not watched here"
            found.refusals.append(Refusal(place, b"", "unmatched", said))
            return
        prediction = subject.ids.read(signed)
        problem = self._doubt(prediction)
        if problem is not None or prediction is None:
            reason, said = problem or ("unmatched", "")
            found.refusals.append(Refusal(place, key, reason, said))
            return
        self._match(place, subject, prediction, item, found)

    def _doubt(self, prediction: Prediction | None) -> tuple[Reason, str] | None:
        if prediction is None:
            return "unmatched", "the id is damaged, or signed with another key"
        age = self._clock() - prediction.made
        if age > self._days * 86400:
            return "late", f"the prediction is {age / 86400:.1f} days old, labels are taken for {self._days:g} days"
        if age < -SKEW:
            return "unmatched", f"the prediction is {-age:.0f} s ahead of this service's clock"
        return None

    def _match(self, place: int, subject: _Subject, prediction: Prediction, item: Any, found: Found) -> None:
        """Each label with its row."""
        for row, label, problem in _labels(item, len(prediction.classes)):
            try:
                if problem is None:
                    found.matches.append(_matched(place, subject, prediction, row, label))
            except LabelInvalid as error:
                problem = ("invalid", str(error))
            if problem is not None:
                found.refusals.append(Refusal(place, prediction.subject, problem[0], problem[1]))

    def count(self, found: Found, fresh: Sequence[bool]) -> Receipt:
        """Count what was read; `fresh` tells for each match whether it is the first label of its row."""
        receipt = Receipt()
        refusals = list(found.refusals)
        for match, new in zip(found.matches, fresh, strict=True):
            if not new:
                refusals.append(Refusal(match.place, match.subject, "duplicate", "this row was labelled before"))
                continue
            subject = self._subjects[match.subject]
            subject.labelled[match.bin].inc()
            receipt.counted += 1
            if match.correct:
                subject.correct[match.bin].inc()
                receipt.correct += 1
        for refusal in refusals:
            known = self._subjects.get(refusal.subject)
            (known.rejected if known else self._unknown)[refusal.reason].inc()
            receipt.rejected[refusal.reason] += 1
        told = sorted(refusals, key=lambda refusal: refusal.place)[:MOST_TOLD]
        receipt.problems = [{"item": r.place, "reason": r.reason, "message": r.message} for r in told]
        return receipt


def _matched(place: int, subject: _Subject, prediction: Prediction, row: int, label: Any) -> Match:
    at = prediction.bins[row]
    if at >= len(subject.labelled):
        raise LabelInvalid(f"the id speaks of bin {at} of the confidence, there are {len(subject.labelled)}")
    right = subject.classes.find(label) == prediction.classes[row]
    return Match(place, prediction.subject, prediction.key(row), at, right)


def _texts(item: Any) -> Iterator[str | None]:
    """The ids of an item: one, or those of several models in one header, `name=id, name=id`."""
    text = item.get("id") if isinstance(item, dict) and "label" in item else None
    if not isinstance(text, str):
        yield None
        return
    for part in text.split(",", _MOST_IDS)[:_MOST_IDS]:
        yield part.rpartition("=")[2].strip()


Problem = tuple[Reason, str]


def _labels(item: Mapping[str, Any], rows: int) -> Iterator[tuple[int, Any, Problem | None]]:
    """Row, label, and what is wrong with it; a null in a list says that this row's label is not known yet."""
    label, row = item["label"], item.get("row")
    if row is not None:
        yield (row, label, None) if _is_row(row, rows) else (0, label, _no_row(row, rows))
    elif isinstance(label, list):
        if len(label) != rows and not len(label) > rows == MOST_ROWS:
            yield 0, None, ("invalid", f"{len(label)} labels for an answer of {rows} rows")
            return
        for at, one in enumerate(label):
            if one is not None:
                yield at, one, None if at < rows else _no_row(at, rows)
    elif rows == 1:
        yield 0, label, None
    else:
        yield 0, label, ("invalid", f'the answer had {rows} rows: "label" is a list of as many, or give "row" too')


def _is_row(row: Any, rows: int) -> bool:
    return isinstance(row, int) and not isinstance(row, bool) and 0 <= row < rows


def _no_row(row: Any, rows: int) -> Problem:
    if isinstance(row, int) and row >= rows == MOST_ROWS:
        return "unmatched", f"row {row}: an id covers the first {MOST_ROWS} rows of an answer"
    return "invalid", f'"row" is {str(row)[:40]!r}, the answer had {rows} rows, counted from 0'
