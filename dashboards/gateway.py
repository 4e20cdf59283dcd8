"""The gateway's charts: what came through the one door to the containers, and what it knows of those behind it."""

from __future__ import annotations

from alerts.promql import aggregate, rate, select, total
from dashboards import panels, style
from dashboards.chosen import RANGE
from dashboards.occurred import occurred
from dashboards.panels import Modern, query
from monitoring.catalogue import stack

ABSENT = "No gateway natively"
"""Processes of one machine have no door in common; containers do."""
DOOR, BEHIND = "door", "serving"
"""What HAProxy's configuration calls the side of the clients and that of the replicas."""

_CODES = {"2xx": style.OK, "3xx": "light-green", "4xx": style.WARNING, "5xx": style.BAD, "other": style.NOTHING}


def charts() -> list[list[Modern]]:
    """Answers, connections, second tries, and the replicas as the gateway sees them."""
    return [[_answers(), _connections(), _again(), _replicas()]]


def _answers() -> Modern:
    by_code = total(("code",), rate(stack.GATEWAY_ANSWERS, RANGE, proxy=DOOR))
    given = occurred(("code",), by_code, stack.GATEWAY_ANSWERS, proxy=DOOR)
    right = total(("code",), rate(stack.GATEWAY_ANSWERS, RANGE, proxy=DOOR, code="2xx"))
    return panels.timeseries(
        "Answers of the gateway",
        f"Per second, by class of code: 2xx, and those that occurred ({stack.GATEWAY_ANSWERS.name}). More 5xx than the "
        "service counts: the gateway gave them itself, as no replica was ready or one ended with a request; see "
        "ServiceDown in the runbook.",
        [query(f"{given} or {right}", "{{code}}")],
        "ops",
        colors=_CODES,
        absent=ABSENT,
    )


def _connections() -> Modern:
    return panels.timeseries(
        "Connections at the gateway",
        f"Of clients ({stack.GATEWAY_CONNECTIONS.name}), and requests that wait for a replica "
        f"({stack.GATEWAY_QUEUE.name}). Waiting: no replica is ready to take them.",
        [
            query(aggregate("sum", (), select(stack.GATEWAY_CONNECTIONS, proxy=DOOR)), "open"),
            query(aggregate("sum", (), select(stack.GATEWAY_QUEUE, proxy=BEHIND)), "waiting"),
        ],
        "none",
        colors={"open": style.TRAFFIC, "waiting": style.WARNING},
        absent=ABSENT,
    )


def _again() -> Modern:
    return panels.timeseries(
        "Tried again by the gateway",
        f"Per second: connections to a replica tried again ({stack.GATEWAY_RETRIES.name}), sent to another replica "
        f"({stack.GATEWAY_REDISPATCHES.name}), given up ({stack.GATEWAY_FAILURES.name}). Only what had not been sent "
        "yet is tried again; given up is an error that a client saw.",
        [
            query(total((), rate(stack.GATEWAY_RETRIES, RANGE, proxy=BEHIND)), "tried again"),
            query(total((), rate(stack.GATEWAY_REDISPATCHES, RANGE, proxy=BEHIND)), "another replica"),
            query(total((), rate(stack.GATEWAY_FAILURES, RANGE, proxy=BEHIND)), "given up"),
        ],
        "ops",
        colors={"tried again": style.MEAN, "another replica": style.WARNING, "given up": style.BAD},
        absent=ABSENT,
    )


def _replicas() -> Modern:
    up = aggregate("max", ("server",), select(stack.GATEWAY_REPLICA, proxy=BEHIND, state="UP"))
    return panels.timeline(
        "Replicas behind the gateway",
        f"Which replicas were ready when the gateway asked ({stack.GATEWAY_REPLICA.name}): it sends requests to those. "
        "Not ready while up: /readyz of that replica says why.",
        up,
        "{{server}}",
        style.states(Ready=(1, style.OK), **{"Not ready": (0, style.BAD)}),
        ABSENT,
    )
