"""One model whose traffic is counted: its series, as data and as text that is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from monitoring.beside import Section
from monitoring.catalogue import Metric, drift, quality
from monitoring.reference import Feature, Reference

Labels = dict[str, str]

_BY_BIN: tuple[tuple[Metric, Callable[[Feature], tuple[float, ...]]], ...] = (
    (drift.REFERENCE_RATIO, lambda feature: feature.ratios),
    (drift.REFERENCE_SCORE, lambda feature: feature.scores),
    (drift.REFERENCE_GAP, lambda feature: feature.gaps),
)


@dataclass(frozen=True)
class Watched:
    """The labels that say which model it is, and what it is compared with."""

    labels: Mapping[str, str]
    reference: Reference

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others."""
        return tuple(self._model().values())

    @property
    def width(self) -> int:
        """How many bins its features have together."""
        return sum(len(feature.bins) for feature in self.reference.features)

    def counters(self) -> Iterator[Labels]:
        """The labels of each counter, in the order of the counts."""
        for feature in self.reference.features:
            yield from (self._of(feature) | {"bin": label} for label in feature.bins)

    def gauges(self) -> Iterator[tuple[Metric, Labels, float]]:
        """What its reference says, which does not change."""
        features = self.reference.features
        for metric, values in _BY_BIN:
            for feature in features:  # categories have no order, and `missing` no place in it
                for label, value in zip(feature.bins, values(feature), strict=False):
                    yield metric, self._of(feature) | {"bin": label}, value
        for feature in features:
            yield drift.REFERENCE_ROWS, self._of(feature), feature.rows
        if (confidence := self.reference.confidence) is not None:
            for label, value in zip(confidence.bins, self.reference.accuracy, strict=False):
                yield quality.CONFIDENCE_ACCURACY, self._model() | {"bin": label}, value

    def _model(self) -> Labels:
        return {**{name: self.labels.get(name, "") for name in drift.MODEL}, "reference": self.reference.hash}

    def _of(self, feature: Feature) -> Labels:
        return self._model() | {"feature": feature.name, "role": feature.role}


def template(labels: Iterable[Labels]) -> str:
    """The lines of the counters with these labels, with a place for each number."""
    return "".join(f"{_series(drift.OBSERVATIONS, each)} ".replace("%", "%%") + "%d\n" for each in labels)


def lines(samples: Iterable[tuple[Metric, Labels, float]]) -> list[Section]:
    """Samples as text, those of one metric together."""
    found: dict[str, tuple[Metric, list[str]]] = {}
    for metric, labels, value in samples:
        found.setdefault(metric.name, (metric, []))[1].append(f"{_series(metric, labels)} {float(value)!r}\n")
    return [(metric, "".join(text)) for metric, text in found.values()]


def _series(metric: Metric, labels: Labels) -> str:
    return f"{metric.name}{{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
