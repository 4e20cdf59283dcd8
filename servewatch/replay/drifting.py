"""When drift is sure enough to be told: the test of the rules on counts that are known, without Prometheus."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist

from alerts.drift import WINDOWS
from alerts.drift.decisions import tests_a_month
from alerts.drift.scores import PSI_FLOOR
from servewatch.replay.incident import DRIFT_STEP, seconds
from servewatch.replay.watched import LEARNT, SHARES


def seen_after(feature: str, changed: Mapping[str, float], rate: float) -> float:
    """Seconds after which the short window differs from the reference by more than chance and the floor allow."""
    window = WINDOWS.short
    limit = NormalDist().inv_cdf(1 - WINDOWS.false_pages / (len(SHARES) * tests_a_month(WINDOWS, window)))
    for at, counts in enumerate(_steps(SHARES[feature], changed, rate), start=1):
        if _sureness(counts, SHARES[feature]) > limit:
            return at * DRIFT_STEP
    raise ValueError(f"{feature} never drifts surely with the shares {dict(changed)}")


def _steps(usual: Mapping[str, float], changed: Mapping[str, float], rate: float) -> Iterator[dict[str, float]]:
    """The counts of the short window, as step after step of it is changed."""
    steps = round(seconds(WINDOWS.short) / DRIFT_STEP)
    for new in range(1, steps + 1):
        each = rate * DRIFT_STEP
        yield {bin: each * (share * (steps - new) + changed.get(bin, 0.0) * new) for bin, share in usual.items()}


def _sureness(counts: Mapping[str, float], reference: Mapping[str, float]) -> float:
    """The likelihood ratio of counts against a reference, as a standard normal value above the floor."""
    rows = sum(counts.values())
    ratio = 0.0
    for bin, share in reference.items():
        pooled = (counts[bin] + LEARNT * share) / (rows + LEARNT)
        ratio += 2 * LEARNT * share * math.log(share / pooled)
        ratio += 2 * counts[bin] * math.log(counts[bin] / rows / pooled) if counts[bin] else 0.0
    degrees, floor = len(reference) - 1, PSI_FLOOR * rows * LEARNT / (rows + LEARNT)
    spread = 2 / 9 * (degrees + 2 * floor) / (degrees + floor) ** 2
    return (math.cbrt(ratio / (degrees + floor)) - 1 + spread) / math.sqrt(spread)
