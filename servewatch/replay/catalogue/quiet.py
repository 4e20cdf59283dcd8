"""Times in which nothing is wrong, as they are: uneven, with single failures and deployments. Nobody is woken."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping

from alerts.stack import WATCHDOG
from servewatch.replay.catalogue.requests import DOWN, WELL
from servewatch.replay.incident import DRIFT_STEP, Incident
from servewatch.replay.promises import at_once
from servewatch.replay.watched import SHARES
from servewatch.replay.world import Parts, Phase, Service, Watched

_HOUR, _DAY = 3600.0, 24 * 3600.0
_QUARTER = 15.0
_NIGHT = 8 * _HOUR
_ASK, _FAIL, _WAIT = 1 / 60, 0.01, 0.02
"""What comes in a second of a quiet night, and which share of it fails, or takes long."""

_DEPLOYED, _RESTARTED = (1.4 * _DAY, 3.6 * _DAY), 4.5 * _DAY
_WELL = at_once(WATCHDOG, why="it always fires: where it stops, nothing else would come either")


def _night() -> Iterator[Phase]:
    """A request a minute, by chance; one of a hundred fails, and one of fifty takes long."""
    chance = random.Random(1)
    for _ in range(round(_NIGHT / _QUARTER)):
        came = int(chance.random() < _ASK * _QUARTER)
        failed, slow = (came and chance.random() < odds for odds in (_FAIL, _WAIT))
        rate = came / _QUARTER
        yield Phase(
            _QUARTER,
            Service(rate=rate, batches=rate, rows=1.0, errors=float(failed), slow=float(slow), queue=0.0, full=0.0),
        )


def _wave(now: float) -> float:
    """Requests in a second: a daily wave, and half of it at the end of the week."""
    daily = 1 + 0.7 * math.sin(2 * math.pi * (now / _DAY - 0.25))
    return 30 * daily * (0.5 if now > 5 * _DAY else 1.0)


def _week() -> Iterator[Phase]:
    """Days that differ, single failures, two deployments and a restart of Prometheus."""
    chance, now = random.Random(2), 0.0
    while now < 7 * _DAY:
        rate = max(1.0, chance.gauss(_wave(now), 2.0))
        away = any(0 <= now - at < DRIFT_STEP for at in _DEPLOYED)
        service = Service(
            (DOWN, WELL) if away else (WELL, WELL),
            rate=rate,
            errors=max(0.0, chance.gauss(0.0002, 0.0002)),
            left=0.001,
            slow=max(0.0, chance.gauss(0.002, 0.001)),
            queue=float(chance.randrange(6)),
            batches=rate / 4,
        )
        first = 30.0 if away else DRIFT_STEP
        yield Phase(first, service, Parts(watching=abs(now - _RESTARTED) >= DRIFT_STEP / 2))
        if away:
            yield Phase(DRIFT_STEP - first, Service(rate=rate, batches=rate / 4))
        now += DRIFT_STEP


def _sampled(chance: random.Random, shares: Mapping[str, float], rows: int) -> Mapping[str, float]:
    drawn = chance.choices(list(shares), list(shares.values()), k=rows)
    return {bin: drawn.count(bin) / rows for bin in shares}


def _rows() -> Iterator[Phase]:
    """Rows drawn from the reference itself, more by day than by night."""
    chance, now = random.Random(3), 0.0
    while now < 7 * _DAY:
        rows = max(1, round(_wave(now) * 10))
        drawn = {feature: _sampled(chance, shares, rows) for feature, shares in SHARES.items()}
        yield Phase(DRIFT_STEP, watched=Watched(rate=rows / DRIFT_STEP, shares=drawn))
        now += DRIFT_STEP


QUIET_NIGHT = Incident(
    "quiet-night",
    "Eight hours with a request a minute, of which one fails and some take long",
    tuple(_night()),
    (_WELL,),
    step=_QUARTER,
    quiet=True,
)
NORMAL_WEEK = Incident(
    "normal-week",
    "Seven days with their waves, single failures, two deployments and a restart of Prometheus",
    tuple(_week()),
    (_WELL,),
    step=DRIFT_STEP,
    scrape=30.0,
    quiet=True,
)
NORMAL_ROWS = Incident(
    "normal-week-of-rows",
    "Seven days of rows drawn by chance from what the model learnt from, more by day than by night",
    tuple(_rows()),
    (_WELL,),
    step=DRIFT_STEP,
    scrape=DRIFT_STEP,
    models=True,
    quiet=True,
)

INCIDENTS = (QUIET_NIGHT, NORMAL_WEEK, NORMAL_ROWS)
