"""Whether monitoring sees anything: a Prometheus that answers may still be blind, or speak to nobody."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import datetime
from typing import Any

from alerts.promql import select
from alerts.requests import JOB
from alerts.stack import WATCHDOG
from monitoring.catalogue import stack

STALE = 30.0
"""Seconds without a new sample: six scrapes."""
YOUNG = 60.0
"""A Prometheus of this age has had no time yet for scrapes and rules."""
LATE = 150.0
"""And one of this age for its word to Alertmanager: where that was not there at once, it is said again in a minute."""

_TIMEOUT = 3.0


def blind(prometheus: str, alertmanager: str, now: Callable[[], float] = time.time) -> list[str]:
    """Why nobody would be told of a fault; empty where somebody would. Each reason says what to do."""
    try:
        started = _get(f"{prometheus}/api/v1/status/runtimeinfo")["data"]["startTime"]
        age = now() - datetime.fromisoformat(started.replace("Z", "+00:00")).timestamp()
        if 0 <= age < YOUNG:
            return []
        heard = _heard(alertmanager, not 0 <= age < LATE)
        return list(filter(None, (_writes(prometheus, now()), _scrapes(prometheus), heard)))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        return [f"nothing is watched: Prometheus cannot be asked ({error})"]


def _writes(prometheus: str, now: float) -> str:
    newest = _get(f"{prometheus}/api/v1/status/tsdb")["data"]["headStats"]["maxTime"] / 1000
    if newest > now + STALE:
        ahead = f"its newest sample is {newest - now:.0f} s in the future"
        return f"Prometheus takes no samples: the clock was set back, {ahead}; wait, or set the clock right"
    if newest < now - STALE:
        return f"Prometheus has written nothing for {now - newest:.0f} s: see its disk, and servewatch logs prometheus"
    return ""


def _scrapes(prometheus: str) -> str:
    query = urllib.parse.urlencode({"query": select(stack.UP, job=JOB)})
    found = _get(f"{prometheus}/api/v1/query?{query}")["data"]["result"]
    if not found:
        return "Prometheus scrapes no service: see its page of targets"
    if not any(series["value"][1] == "1" for series in found):
        return "no service answers Prometheus's scrapes: see its page of targets for the reason"
    # Replicas of ours come and go, which alerts judge; one that somebody named is told.
    named = (series["metric"] for series in found if series["value"][1] != "1" and "adapter" in series["metric"])
    if away := sorted(f"{one['service']} at {one['instance']}" for one in named):
        return (
            f"no answer to Prometheus's scrapes from {', '.join(away)}: is it running, and are these its metrics' port?"
        )
    return ""


def _heard(alertmanager: str, due: bool) -> str:
    query = urllib.parse.urlencode({"filter": f'alertname="{WATCHDOG.name}"'})
    try:
        if _get(f"{alertmanager}/api/v2/alerts?{query}") or not due:
            return ""
    except (OSError, ValueError) as error:
        return f"nobody is notified of alerts: Alertmanager cannot be asked ({error})"
    return f"nobody is notified of alerts: {WATCHDOG.name}, which always fires, has not reached Alertmanager"


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
        return json.load(answer)
