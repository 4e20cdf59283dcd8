"""When requests are sent: random arrivals around a gentle wave, and short bursts. Numbers only, no clock."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

WAVE_SECONDS, WAVE_HEIGHT = 180.0, 0.35
BURST_EVERY, BURST_SHARE = 6.0, 0.25


def rate_at(seconds: float, rate: float) -> float:
    """The wave: requests per second at this moment, around the rate that was asked for."""
    return rate * (1 + WAVE_HEIGHT * math.sin(2 * math.pi * seconds / WAVE_SECONDS))


def arrivals(rate: float, seed: int | None = None) -> Iterator[tuple[float, int]]:
    """Endless pairs of a time in seconds and how many requests start at it: mostly one, now and then a burst.

    Over a whole wave their mean is the rate, bursts included.
    """
    chance = random.Random(seed)
    burst = max(2, round(rate * BURST_EVERY * BURST_SHARE))
    now, next_burst = 0.0, chance.uniform(0.5, 1.5) * BURST_EVERY
    while True:
        now += chance.expovariate(rate_at(now, rate) * (1 - burst / BURST_EVERY / rate if rate > 1 else 1))
        if now >= next_burst and rate > 1:
            yield next_burst, burst
            next_burst += chance.uniform(0.5, 1.5) * BURST_EVERY
        yield now, 1


def steady(rate: float) -> Iterator[tuple[float, int]]:
    """Endless requests at even distances."""
    count = 0
    while True:
        yield count / rate, 1
        count += 1
