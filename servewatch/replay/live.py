"""Incidents in a stack that runs: the demo's faults cause them, and Prometheus says when its alerts fired."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from alerts.models import RUNNER_RESTARTING
from alerts.promql import over_time, select
from alerts.requests import JOB
from alerts.stack import WATCHDOG
from monitoring.catalogue import stack
from servewatch.replay.incident import STEP, Incident
from servewatch.stack import health
from servewatch.stack.errors import StackError
from servewatch.stack.wake import Wake

QUIET_SECONDS = 1200.0
"""How long an earlier fault may take to be over before the next one is caused: restarts are counted for 15 minutes."""

BACK_SECONDS = 60.0
"""How long Prometheus may take to answer again."""

_FIRING = select(stack.ALERTS, alertstate="firing")
_LOUD = f'{stack.ALERTS.name}{{alertname!="{WATCHDOG.name}"}}'
_RESTARTED = f"{over_time('changes', stack.START_TIME, '15m', job=JOB)} > 0"
"""Too few restarts for an alert still count when more of them come."""

Cause = Callable[[], None]


def first_seen(incident: Incident, cause: Cause, prometheus: str, say: Callable[[str], None]) -> dict[str, float]:
    """Cause an incident once all is quiet, and tell when each alert fired first, in seconds from its begin."""
    say(f"{incident.name}: waiting until no alert is pending or fires")
    _wait_quiet(prometheus, f"{_LOUD} or {_RESTARTED}" if restarts(incident) else _LOUD)
    begin = time.time()
    cause()
    length = max(STEP, round((time.time() - begin) / STEP) * STEP)
    _wait_back(prometheus)
    query = f"min by (alertname) (min_over_time(timestamp({_FIRING})[{length:.0f}s:{STEP:.0f}s]))"
    found = {series["metric"]["alertname"]: float(series["value"][1]) - begin for series in _ask(prometheus, query)}
    return {name: round(max(0.0, at), 1) for name, at in found.items() if name != WATCHDOG.name}


def restarts(incident: Incident) -> bool:
    """Whether its alert counts restarts, and so is loud for a quarter of an hour: such incidents are caused last."""
    return any(promise.alert is RUNNER_RESTARTING for promise in incident.promises)


def _wait_back(prometheus: str) -> None:
    """Prometheus itself may be what was away."""
    until = time.monotonic() + BACK_SECONDS
    with Wake() as wake:
        while health.answers(f"{prometheus}/-/ready") and time.monotonic() < until and not wake.stop:
            wake.wait(1.0)


def _wait_quiet(prometheus: str, query: str) -> None:
    until = time.monotonic() + QUIET_SECONDS
    with Wake() as wake:
        while (loud := _ask(prometheus, query)) and not wake.stop:
            if time.monotonic() > until:
                names = ", ".join(sorted({series["metric"].get("alertname", "recent restarts") for series in loud}))
                raise StackError(f"after {QUIET_SECONDS:.0f} s there are still {names}", "servewatch alerts")
            wake.wait(STEP)


def _ask(prometheus: str, query: str) -> list[dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{prometheus}/api/v1/query?query={quote(query)}", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return found
    except (OSError, ValueError, KeyError, urllib.error.URLError) as error:
        raise StackError(f"no answer on {prometheus}: {error}", "servewatch up") from None
