"""What happens before a runner: its queue is full, or grows, or its batches are not what load should make of them."""

from __future__ import annotations

from alerts.batching import BATCHES_FULL, BATCHES_SMALL, QUEUE_FULL, QUEUE_GROWING
from alerts.requests import REQUEST_ERRORS_HIGH, REQUEST_LATENCY_HIGH
from alerts.windows import LONG, SHORT
from servewatch.replay.catalogue.requests import HEALTH, LATE
from servewatch.replay.incident import Incident, Promise, seconds
from servewatch.replay.promises import at_once, crossing, share
from servewatch.replay.world import Phase, Service

_MINUTE, _WINDOW = seconds(SHORT), seconds(LONG)
_WELL = Service()
_SHED, _TIMES = 2 / 3, 3.0
_GROWTH = 1.0
_WAITING = 4
_SINGLE = Service(rows=1.0, batches=40.0, queue=12.0)
_PACKED = Service(rows=64.0, batches=12.0, full=0.98, queue=40.0)

OVERLOAD = Incident(
    "overload",
    "Three times the load that the runner can take: its queue is full, and two of three requests are turned away",
    (
        HEALTH,
        Phase(180.0, Service(rate=_WELL.rate * _TIMES, shed=_SHED, slow=1 - _SHED, queue=64.0)),
        Phase(300.0),
    ),
    (
        share(QUEUE_FULL, _MINUTE, QUEUE_FULL.threshold, _SHED, _TIMES),
        share(REQUEST_ERRORS_HIGH, _MINUTE, REQUEST_ERRORS_HIGH.threshold, _SHED, _TIMES),
        share(REQUEST_LATENCY_HIGH, _MINUTE, LATE, 1 - _SHED, _TIMES),
        at_once(QUEUE_GROWING, _MINUTE, f"the fewest that wait in {_MINUTE:g} s are those of now"),
    ),
    live="overload --seconds 100",
)
QUEUE_GROWS = Incident(
    "queue-grows",
    "One request a second more than the runner takes: the queue grows, and nothing is turned away yet",
    (HEALTH, Phase(300.0, Service(growth=_GROWTH)), Phase(600.0)),
    (
        at_once(
            QUEUE_GROWING,
            _MINUTE + QUEUE_GROWING.threshold / _GROWTH,
            f"{QUEUE_GROWING.threshold:g} more than before, by the fewest of {_MINUTE:g} s",
        ),
    ),
)


def _in_load(promised: float, alert_window: float = _WINDOW) -> float:
    """When both hold: what the batches are, and that enough requests waited on average."""
    return max(promised, crossing(alert_window, _WAITING, (_WELL.queue, 1.0), (_SINGLE.queue, 1.0)))


BATCHES_OF_ONE = Incident(
    "batches-of-one",
    "Requests wait, and each goes into the model alone",
    (HEALTH, Phase(900.0, _SINGLE), Phase(300.0)),
    (
        Promise(
            BATCHES_SMALL,
            _in_load(
                crossing(_WINDOW, BATCHES_SMALL.threshold, (_WELL.rows, _WELL.batches), (_SINGLE.rows, _SINGLE.batches))
            ),
            f"mean rows of the batches of {_WINDOW:g} s, which become more and smaller",
        ),
    ),
)
BATCHES_AT_LIMIT = Incident(
    "batches-at-limit",
    "Load for which the limit of rows is too small: nearly every batch goes as it is full",
    (HEALTH, Phase(900.0, _PACKED), Phase(300.0)),
    (
        Promise(
            BATCHES_FULL,
            crossing(_WINDOW, BATCHES_FULL.threshold, (_WELL.full, _WELL.batches), (_PACKED.full, _PACKED.batches)),
            f"share of full ones among the batches of {_WINDOW:g} s",
        ),
    ),
)

INCIDENTS = (OVERLOAD, QUEUE_GROWS, BATCHES_OF_ONE, BATCHES_AT_LIMIT)
