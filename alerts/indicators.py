"""What an objective counts: events that went wrong, and all of them, per second, by service and objective."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from alerts import drift
from alerts.drift.series import SCORE
from alerts.objectives import WINDOW, Objective
from alerts.promql import Expr, Match, aggregate, like, or_zero, over_time, select, total
from alerts.requests import BUCKETS, RATES
from alerts.rules import Recording
from alerts.windows import LONG
from monitoring.catalogue import models, stack

BAD, ALL = f"slo:sli_bad:rate{LONG}", f"slo:sli_total:rate{LONG}"

_BY = ("service",)
_REMEMBERED = "10m"
"""Drift is scored each five minutes: between two scores the last one holds."""

_HELP = {
    BAD: f"Events per second over {LONG} that broke an objective; where time is what counts, an event is a minute.",
    ALL: f"Events per second over {LONG} that an objective counts: 0 without traffic, absent where unmeasured.",
}


def indicators(objectives: Sequence[Objective]) -> tuple[Recording, ...]:
    """Record both for each objective; those of one name share a rule, in which each bound has its services."""
    groups: dict[tuple[object, ...], list[Objective]] = {}
    for objective in objectives:
        key = (objective.kind, objective.name, objective.under, objective.errors, objective.total)
        groups.setdefault(key, []).append(objective)
    merged: dict[tuple[str, ...], Recording] = {}
    for made in (made for group in groups.values() for made in _recordings(group, objectives)):
        series = (made.name, *sorted(made.labels.values()))
        before = merged.get(series)
        merged[series] = made if before is None else replace(made, expr=Expr(f"{before.expr}\nor {made.expr}", _BY))
    return tuple(merged.values())


def chosen(group: Sequence[Objective], objectives: Iterable[Objective]) -> dict[str, str | Match]:
    """Choose the services of a group; those of a default are all that have no objective of its name elsewhere."""
    own = {objective.service for objective in group}
    if "" not in own:
        return {"service": like(_any(own))}
    others = {one.service for one in objectives if one.name == group[0].name} - own
    return {"service": Match("!~", _any(others))} if others else {}


def _any(services: Iterable[str]) -> str:
    return "|".join(re.escape(service) for service in sorted(services))


def _recordings(group: Sequence[Objective], objectives: Sequence[Objective]) -> tuple[Recording, Recording]:
    first = group[0]
    labels = {"slo": first.name}
    if first.kind == "ratio":
        labels["service"] = first.service
        bad, whole = _ratio(first)
    else:
        bad, whole = _COUNTED[first.kind](first, chosen(group, objectives))
    return (
        Recording(BAD, bad, "slo", _HELP[BAD], labels=labels),
        Recording(ALL, whole, "slo", _HELP[ALL], labels=labels),
    )


def _availability(_: Objective, services: dict[str, str | Match]) -> tuple[Expr, Expr]:
    whole = total(_BY, select(RATES[LONG], **services))
    failed = total(_BY, select(RATES[LONG], **services, code=like("5..")))
    return or_zero(failed, whole), whole


def _latency(objective: Objective, services: dict[str, str | Match]) -> tuple[Expr, Expr]:
    whole = total(_BY, select(BUCKETS[LONG], **services, le="+Inf"))
    fast = total(_BY, select(BUCKETS[LONG], **services, le=_bound(objective.under)))
    return Expr(f"clamp_min({whole} - {fast}, 0)", _BY), whole


def _bound(seconds: float) -> str | Match:
    """A whole number is written 1.0 or 1, by who exposes it."""
    return like(rf"{seconds:g}(\.0)?") if seconds.is_integer() else f"{seconds:g}"


def _freshness(objective: Objective, services: dict[str, str | Match]) -> tuple[Expr, Expr]:
    made = aggregate("min", _BY, select(models.SAVED, **services))
    return Expr(f"(time() - {made} > bool {objective.under:.0f}) / 60", _BY), Expr(f"(0 * {made} + 1) / 60", _BY)


def _drift_free(_: Objective, services: dict[str, str | Match]) -> tuple[Expr, Expr]:
    scored = aggregate("max", _BY, over_time("last", SCORE, _REMEMBERED, **services))
    names = "|".join(alert.name for alert in drift.ALERTS if alert.name.endswith("Drift"))
    firing = over_time("max", stack.ALERTS, _REMEMBERED, **services, alertname=like(names), alertstate="firing")
    bad = or_zero(aggregate("max", _BY, firing), scored)
    return Expr(f"{bad} / 60", _BY), Expr(f"(0 * {scored} + 1) / 60", _BY)


def _ratio(objective: Objective) -> tuple[Expr, Expr]:
    errors, whole = (text.replace(WINDOW, LONG).strip() for text in (objective.errors, objective.total))
    return Expr(f"sum({errors}) or 0 * sum({whole})"), Expr(f"sum({whole})")


_COUNTED = {
    "availability": _availability,
    "latency": _latency,
    "freshness": _freshness,
    "drift-free": _drift_free,
}
