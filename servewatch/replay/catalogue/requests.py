"""What happens to requests: nobody answers, answers fail or come late, and what looks like that and is none."""

from __future__ import annotations

from dataclasses import replace

from alerts.requests import REPLICA_DOWN, REQUEST_ERRORS_HIGH, REQUEST_LATENCY_HIGH, SERVICE_DOWN
from alerts.windows import SHORT
from servewatch.replay.incident import Incident, seconds
from servewatch.replay.promises import at_once, share
from servewatch.replay.world import Parts, Phase, Replica, Service

HEALTH = Phase(600.0)
DOWN, WELL = Replica(up=False), Replica()
LATE = 0.05
"""A 95th percentile is over a bound once so many requests are."""

REPLICA_KILLED = Incident(
    "replica-killed",
    "One of two replicas is killed and stays away for two minutes",
    (HEALTH, Phase(120.0, Service((WELL, DOWN))), Phase(180.0)),
    (at_once(REPLICA_DOWN),),
)
SERVICE_KILLED = Incident(
    "service-killed",
    "Every replica is killed and stays away for a minute",
    (HEALTH, Phase(60.0, Service((DOWN, DOWN), rate=0.0)), Phase(180.0)),
    (at_once(SERVICE_DOWN),),
    live="kill",
)
ERROR_BURST = Incident(
    "error-burst",
    "A third of the requests fail",
    (HEALTH, Phase(180.0, Service(errors=1 / 3)), Phase(300.0)),
    (share(REQUEST_ERRORS_HIGH, seconds(SHORT), REQUEST_ERRORS_HIGH.threshold, 1 / 3),),
    live="errors --seconds 100",
)
SLOW_MODEL = Incident(
    "slow-model",
    "Half of the requests take nearly a second",
    (HEALTH, Phase(180.0, Service(slow=0.5)), Phase(300.0)),
    (share(REQUEST_LATENCY_HIGH, seconds(SHORT), LATE, 0.5),),
    live="slow --seconds 100",
)
SLOW_CLIENTS = Incident(
    "slow-clients",
    "A flood of clients that are cut off within moments: four of five requests end with 499, the others as ever. Where "
    "they stay for seconds, as in `servewatch demo slow-clients`, their time counts and RequestLatencyHigh fires",
    (HEALTH, Phase(900.0, Service(rate=200.0, left=0.8)), Phase(300.0)),
)
PROMETHEUS_RESTARTED = Incident(
    "prometheus-restarted",
    "Prometheus is away for 40 seconds and has no samples of that time",
    (HEALTH, Phase(40.0, parts=Parts(watching=False)), Phase(600.0)),
    live="stop prometheus --seconds 40",
)
ROLLED_OUT = Incident(
    "rolled-out",
    "A deployment takes one replica after the other away for 15 seconds",
    (
        HEALTH,
        Phase(15.0, Service((DOWN, WELL))),
        Phase(60.0),
        Phase(15.0, Service((WELL, DOWN))),
        Phase(600.0),
    ),
)
ONE_FAILURE = replace(
    SLOW_CLIENTS,
    name="one-failure",
    told="One request fails in a service that gets one in ten seconds",
    phases=(
        Phase(600.0, Service(rate=0.1)),
        Phase(10.0, Service(rate=0.1, errors=1.0)),
        Phase(600.0, Service(rate=0.1)),
    ),
)

INCIDENTS = (
    REPLICA_KILLED,
    SERVICE_KILLED,
    ERROR_BURST,
    SLOW_MODEL,
    SLOW_CLIENTS,
    PROMETHEUS_RESTARTED,
    ROLLED_OUT,
    ONE_FAILURE,
)
