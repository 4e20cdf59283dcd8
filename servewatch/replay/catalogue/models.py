"""What happens to models and to what runs them: they do not load, crash, grow, differ, or nobody asks."""

from __future__ import annotations

from alerts.models import MODEL_LOAD_FAILED, MODEL_MISSING, NO_TRAFFIC, RUNNER_RESTARTING, VERSIONS_DIFFER
from alerts.windows import LONG
from servewatch.replay.catalogue.requests import DOWN, HEALTH, WELL
from servewatch.replay.incident import Incident, seconds
from servewatch.replay.promises import at_once
from servewatch.replay.world import Phase, Replica, Service

_CRASHES, _EVERY = int(RUNNER_RESTARTING.threshold) + 1, 60.0
_AWAY, _GROWS = 10.0, 50.0
"""Seconds that a replica is away after the kernel killed it, and in which it fills its memory again."""

LOAD_FAILED = Incident(
    "load-failed",
    "A process starts and the model does not load",
    (HEALTH, Phase(300.0, Service(failed_loads=1))),
    (at_once(MODEL_LOAD_FAILED, why="one failed load in its window is enough"),),
)
WITHOUT_MODEL = Incident(
    "without-model",
    "A replica comes up again and answers, without its model",
    (HEALTH, Phase(600.0, Service((WELL, Replica(version=""))))),
    (at_once(MODEL_MISSING),),
)
CRASH_LOOP = Incident(
    "crash-loop",
    "A runner ends each minute, and is started again",
    (HEALTH, *(Phase(_EVERY, Service(crashes=1)) for _ in range(_CRASHES)), Phase(600.0)),
    (at_once(RUNNER_RESTARTING, (_CRASHES - 1) * _EVERY, f"the crash number {_CRASHES}, one each {_EVERY:g} s"),),
    live="crash",
)
MEMORY_LEAK = Incident(
    "memory-leak",
    "A replica fills its memory and is killed for it, again and again",
    (
        HEALTH,
        *(phase for _ in range(_CRASHES) for phase in (Phase(_GROWS), Phase(_AWAY, Service((DOWN, WELL))))),
        Phase(300.0),
    ),
    (
        at_once(
            RUNNER_RESTARTING,
            _CRASHES * (_GROWS + _AWAY),
            f"start number {_CRASHES}, one each {_GROWS + _AWAY:g} s",
        ),
    ),
    live="leak",
)
ROLLOUT_STUCK = Incident(
    "rollout-stuck",
    "A deployment of a new version stops half-way: one replica has it, the other has not",
    (HEALTH, Phase(_AWAY, Service((DOWN, WELL))), Phase(1200.0, Service((Replica(version="8"), WELL)))),
    (at_once(VERSIONS_DIFFER, _AWAY, "the first replica with the new version answers"),),
)
TRAFFIC_GONE = Incident(
    "traffic-gone",
    "What sends the requests loses its way: not one comes",
    (Phase(5400.0), Phase(900.0, Service(rate=0.0, batches=0.0))),
    (at_once(NO_TRAFFIC, seconds(LONG), f"the window of {LONG} is empty"),),
    step=15.0,
)

INCIDENTS = (LOAD_FAILED, WITHOUT_MODEL, CRASH_LOOP, MEMORY_LEAK, ROLLOUT_STUCK, TRAFFIC_GONE)
