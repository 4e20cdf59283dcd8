"""What the recording rules of alerts/drift compute, in numpy: to try many windows without a Prometheus.

`tests/alerts/drift` checks it against a real Prometheus that runs the rules.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from alerts.drift.decisions import tests_a_month
from alerts.drift.scores import MINIMUM_ROWS, PSI_FLOOR, RANK_FLOOR
from alerts.windows import Windows

Array = npt.NDArray[np.float64]


def psi(live: Array, reference: Array) -> Array:
    """Population stability index of counts (windows, bins), half a row a bin put where the reference has its rows."""
    smoothed, learnt = smooth(live, shares(reference)), shares(reference)
    return ((smoothed - learnt) * np.log(smoothed / learnt)).sum(-1)


def shares(reference: Array) -> Array:
    """The shares of a reference's bins, smoothed as `monitoring.reference` exposes them."""
    return (reference + 0.5) / (reference.sum() + 0.5 * reference.size)


def smooth(live: Array, learnt: Array) -> Array:
    """Live shares, with half a row a bin put where the reference has them."""
    prior = 0.5 * learnt.size
    return (live + prior * learnt) / (live.sum(-1, keepdims=True) + prior)


def likelihood_ratio(live: Array, reference: Array) -> Array:
    """G of live counts against the reference as a sample."""
    learnt, rows, known = shares(reference), live.sum(-1, keepdims=True), reference.sum()
    pooled = (live + known * learnt) / (rows + known)
    with np.errstate(divide="ignore", invalid="ignore"):
        ours = np.where(live > 0, live * np.log(live / rows / pooled), 0).sum(-1)
    return 2 * (ours + known * (learnt * np.log(learnt / pooled)).sum(-1))


def z(live: Array, reference: Array, floor: float = PSI_FLOOR, effect: float = 1.0) -> Array:
    """How surely the bins differ by more than the floor, where so many rows count as one."""
    live = live / effect
    rows, known, degrees = live.sum(-1), reference.sum(), reference.size - 1
    far = floor * rows * known / (rows + known)
    spread = 2 / 9 * (degrees + 2 * far) / (degrees + far) ** 2
    ratio = likelihood_ratio(live, reference) / (degrees + far)
    return (np.cbrt(ratio) - 1 + spread) / np.sqrt(spread)


def ranks(learnt: Array) -> Array:
    """The share of the ordered reference below the middle of each bin."""
    whole = learnt / learnt.sum()
    return np.cumsum(whole) - whole / 2


def rank_z(live: Array, reference: Array, floor: float = RANK_FLOOR, effect: float = 1.0) -> Array:
    """How surely the ranks shifted by more than the floor; the last bin is the one for missing values."""
    live = live / effect
    ordered, all_shares = live[..., :-1], shares(reference)
    learnt, score = all_shares[:-1] / all_shares[:-1].sum(), ranks(all_shares[:-1])
    rows, known = ordered.sum(-1), reference.sum() * all_shares[:-1].sum()
    delta = ordered / rows[..., None] - learnt
    weight = live.sum(-1) / (live.sum(-1) + reference.sum())
    mean = 0.5 + weight * (delta @ score)
    variance = (learnt + weight[..., None] * delta) @ score**2 - mean**2
    return (np.abs(delta @ score) - floor) / np.sqrt(variance * (rows + known) / (rows * known))


def score(live: Array, reference: Array, effect: float = 1.0) -> Array:
    """What the alerts look at; -inf where the rows are too few to say anything."""
    larger = np.maximum(z(live, reference, effect=effect), rank_z(live, reference, effect=effect))
    return np.where(live.sum(-1) >= MINIMUM_ROWS, larger, -np.inf)


def critical(features: int, window: str, windows: Windows | None = None) -> float:
    """The score above which an alert fires."""
    windows = windows or Windows()
    return NormalDist().inv_cdf(1 - windows.false_pages / (features * tests_a_month(windows, window)))


def design_effect(slices: Array, skip: int) -> float:
    """How many rows count as one, from the counts of consecutive steps (steps, bins), without the last `skip`."""
    whole = slices.sum(0)
    seen = whole > 0
    plain, rows = whole[seen] / whole.sum(), slices.sum(1)
    both = np.flatnonzero((rows[1:] > 0) & (rows[:-1] > 0)) + 1
    weight = rows[both] * rows[both - 1] / (rows[both] + rows[both - 1])
    change = slices[both][:, seen] / rows[both, None] - slices[both - 1][:, seen] / rows[both - 1, None]
    excess = (change**2 / plain).sum(1) / (seen.sum() - 1) * weight**2
    kept = both < len(slices) - skip
    return max(1.0, float(excess[kept].sum() / weight[kept].sum()))
