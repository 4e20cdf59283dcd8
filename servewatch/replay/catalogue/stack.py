"""What happens to the stack itself: it cannot tell, cannot see, or is asked for too much."""

from __future__ import annotations

from alerts.requests import SERVICE_DOWN
from alerts.stack import (
    ALERTS_UNSENT,
    GATEWAY_DOWN,
    MONITORING_BLIND,
    NOTIFICATIONS_FAIL,
    RULES_FAIL,
    RULES_MISSED,
    SCRAPES_FAIL,
    SCRAPES_SLOW,
    SERIES_NEAR_LIMIT,
    TARGET_DOWN,
)
from alerts.windows import LONG
from servewatch.replay.catalogue.requests import HEALTH, WELL
from servewatch.replay.incident import STEP, Incident, Promise, seconds
from servewatch.replay.promises import at_once, crossing, share
from servewatch.replay.world import Parts, Phase, Replica, Service

_WINDOW = seconds(LONG)
_SCRAPE = 3.5
_AWAY, _BACK, _SPAN = 20.0, 40.0, seconds("15m")
_FLAPS = 8
_CUT_OFF = Replica(up=False, alive=True)
_FIRST = "the first one counts"
_LOOKBACK = 300.0
"""How long Prometheus takes the last sample of a series for what it is now."""

_KNOWN = f"the last samples are {_LOOKBACK:g} s old"


def _flaps() -> float:
    """When so many seconds of the window were without an answer: whole outages, and what is left of the next."""
    whole, rest = divmod(SCRAPES_FAIL.threshold * _SPAN, _AWAY)
    return whole * (_AWAY + _BACK) + rest


ALERTMANAGER_DOWN = Incident(
    "alertmanager-down",
    "Alertmanager is away for five minutes: Prometheus has nobody to tell",
    (HEALTH, Phase(300.0, parts=Parts(alertmanager=False, unsent=0.2)), Phase(600.0)),
    (at_once(TARGET_DOWN), at_once(ALERTS_UNSENT, why=_FIRST)),
    live="stop alertmanager --seconds 150",
)
GATEWAY_STOPPED = Incident(
    "gateway-stopped",
    "The gateway to the containers is away for five minutes; each replica is well",
    (HEALTH, Phase(300.0, parts=Parts(gateway=False)), Phase(300.0)),
    (at_once(GATEWAY_DOWN),),
)
NOTHING_SCRAPED = Incident(
    "nothing-scraped",
    "Prometheus has no sample of anything for seven minutes: it cannot scrape, or cannot write",
    (HEALTH, Phase(420.0, parts=Parts(watching=False)), Phase(300.0)),
    (
        at_once(MONITORING_BLIND, _LOOKBACK - STEP, _KNOWN),
        at_once(SERVICE_DOWN, _LOOKBACK - STEP, _KNOWN),
    ),
)
CHANNEL_BROKEN = Incident(
    "channel-broken",
    "Alertmanager works, and the channel to people takes nothing",
    (HEALTH, Phase(300.0, parts=Parts(undelivered=1.0)), Phase(600.0)),
    (share(NOTIFICATIONS_FAIL, _WINDOW, NOTIFICATIONS_FAIL.threshold, 1.0),),
)
RULES_BROKEN = Incident(
    "rules-broken",
    "The rules of a group fail at each evaluation",
    (HEALTH, Phase(300.0, parts=Parts(rule_failures=0.2)), Phase(600.0)),
    (at_once(RULES_FAIL, why=_FIRST),),
)
RULES_LATE = Incident(
    "rules-late",
    "Prometheus is too busy: each second evaluation of a group is left out",
    (HEALTH, Phase(600.0, parts=Parts(rules_missed=0.1)), Phase(300.0)),
    (at_once(RULES_MISSED, why=_FIRST),),
)
SCRAPES_LATE = Incident(
    "scrapes-late",
    "A scrape of the service takes three and a half seconds",
    (HEALTH, Phase(900.0, parts=Parts(scrape_seconds=_SCRAPE)), Phase(300.0)),
    (
        Promise(
            SCRAPES_SLOW,
            crossing(_WINDOW, SCRAPES_SLOW.threshold, (Parts().scrape_seconds, 1.0), (_SCRAPE, 1.0)),
            f"mean of {LONG}",
        ),
    ),
)
NETWORK_FLAPS = Incident(
    "network-flaps",
    "A replica does not answer scrapes for 20 seconds in each minute",
    (
        Phase(_SPAN),
        *(phase for _ in range(_FLAPS) for phase in (Phase(_AWAY, Service((WELL, _CUT_OFF))), Phase(_BACK))),
    ),
    (at_once(SCRAPES_FAIL, _flaps(), f"{SCRAPES_FAIL.threshold:.0%} of the scrapes of {_SPAN:g} s"),),
)
LABELS_EXPLODE = Incident(
    "labels-explode",
    "A label of a metric of one's own takes every value that comes: 45 000 series in a scrape",
    (HEALTH, Phase(600.0, parts=Parts(samples=45_000.0))),
    (at_once(SERIES_NEAR_LIMIT),),
)

INCIDENTS = (
    ALERTMANAGER_DOWN,
    GATEWAY_STOPPED,
    NOTHING_SCRAPED,
    CHANNEL_BROKEN,
    RULES_BROKEN,
    RULES_LATE,
    SCRAPES_LATE,
    NETWORK_FLAPS,
    LABELS_EXPLODE,
)
