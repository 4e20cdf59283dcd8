"""The bins of a reference, counted on other rows; and counts of the same bins, added."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from monitoring.reference.extractor import extractor
from monitoring.reference.feature import Feature, ReferenceInvalid
from monitoring.reference.profile import Reference


def counted(reference: Reference, inputs: Any = None, outputs: Any = None) -> Reference:
    """The same bins with the counts of these rows: what a reference of them would be with the edges of this one."""
    extract = extractor(reference)
    numbers, codes = extract(inputs, outputs)
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for place, feature in enumerate(extract.numbers):
        column = numbers[:, place]
        there = column[~np.isnan(column)]
        bins = np.searchsorted(np.array(feature.edges), there, side="left")
        counts = np.bincount(bins, minlength=len(feature.edges) + 1)
        found[feature.name, feature.role] = (*counts.tolist(), len(column) - len(there))
    for place, feature in enumerate(extract.categories):
        counts = np.bincount(codes[:, place], minlength=len(feature.bins))
        found[feature.name, feature.role] = tuple(counts.tolist())
    features = (replace(feature, counts=found[feature.name, feature.role]) for feature in reference.features)
    return replace(reference, features=tuple(features))


def added(first: Reference, second: Reference) -> Reference:
    """What both have counted, exactly; their bins, extraction and classes are the same."""
    same = (first.extraction, first.classes, [_bins(f) for f in first.features])
    if same != (second.extraction, second.classes, [_bins(f) for f in second.features]):
        raise ReferenceInvalid(
            f"references of different bins cannot be added, {first.hash} and {second.hash}: merge the learners, "
            f"or count the rows of one in the other's bins"
        )
    features = (_together(mine, theirs) for mine, theirs in zip(first.features, second.features, strict=True))
    return replace(first, features=tuple(features), accuracy=_accuracy(first, second))


def _bins(feature: Feature) -> tuple[object, ...]:
    return feature.name, feature.role, feature.edges, feature.values, feature.dtype


def _together(mine: Feature, theirs: Feature) -> Feature:
    counts = tuple(a + b for a, b in zip(mine.counts, theirs.counts, strict=True))
    middles = _weighted(mine.middles, theirs.middles, mine.counts, theirs.counts)
    rows = max(1, mine.rows + theirs.rows)
    spread = (mine.spread**2 * mine.rows + theirs.spread**2 * theirs.rows) / rows
    return replace(mine, counts=counts, middles=middles, spread=float(np.sqrt(spread)))


def _accuracy(first: Reference, second: Reference) -> tuple[float, ...]:
    if first.confidence is None or second.confidence is None or not (first.accuracy and second.accuracy):
        return first.accuracy or second.accuracy
    return _weighted(first.accuracy, second.accuracy, first.confidence.counts, second.confidence.counts)


def _weighted(
    mine: tuple[float, ...], theirs: tuple[float, ...], weights: tuple[int, ...], others: tuple[int, ...]
) -> tuple[float, ...]:
    """The mean of both, bin by bin; of a bin that neither has, the first's."""
    if not mine or not theirs:
        return mine or theirs
    pairs = zip(mine, theirs, weights, others, strict=False)
    return tuple((a * n + b * m) / (n + m) if n + m else a for a, b, n, m in pairs)
