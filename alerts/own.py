"""Own: what users declare of their own metrics, as queries and as rules of one service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import alerts
from alerts.promql import (
    Expr,
    Match,
    QueryInvalid,
    aggregate,
    bucket_rate,
    increase,
    mean,
    or_zero,
    quantile,
    rate,
    ratio,
    select,
    total,
)
from alerts.rules import HEADER, Alert, to_yaml
from alerts.values import WRITTEN, Value, percent
from monitoring.catalogue import Metric
from monitoring.catalogue import declaration as declared
from monitoring.catalogue.declaration import Declaration

_URL = re.compile(r"https?://\S+\Z")
_UNITS = {"_seconds": Value("humanizeDuration"), "_bytes": Value("humanize1024", "B"), "_ratio": percent()}
"""What the end of a metric's name says of its values."""
_MEANT = {"rate": "a second", "increase": "in all", "share": "of all", "mean": "on average"}


def view(
    made: Declaration, part: declared.Panel | declared.Alert, by: Iterable[str], window: str, **chosen: str | Match
) -> Expr:
    """Query what a panel draws or an alert compares, by these labels."""
    metric, of, kept, where = made.metric, made.of(part), tuple(by), {**chosen, **part.where}
    if metric.kind == "gauge":
        return aggregate(of, kept, select(metric, **where))
    if metric.kind == "histogram":
        if of == "mean":
            return mean(metric, window, kept, **where)
        if of == "rate":
            return _observations(metric, window, kept, where)
        return quantile(int(of[1:]) / 100, bucket_rate(metric, window, kept, **where))
    if of == "increase":
        return total(kept, increase(metric, window, **where))
    if of == "rate":
        return total(kept, rate(metric, window, **where))
    whole = total(kept, rate(metric, window, **chosen))
    return ratio(or_zero(total(kept, rate(metric, window, **where)), whole), whole)


def alert(made: Declaration, service: str) -> Alert:
    """The alert of a declaration, for one service."""
    wanted = made.alert
    if wanted is None:
        raise QueryInvalid(f"metric {made.metric.name!r} has no alert: declare it with alert=Alert(above=...)")
    if made.alert_name in {known.name for known in alerts.ALERTS}:
        raise QueryInvalid(f"metric {made.metric.name!r} has the alert {made.alert_name!r}, which servewatch has too")
    by = ("service", *wanted.by)
    compared = view(made, wanted, by, wanted.window, service=service)
    expr = f"{compared} {wanted.sign} {number(wanted.threshold)}"
    if (counted := _enough(made, wanted, service)) is not None:
        expr += f"\nand {counted} >= {wanted.minimum}"
    return Alert(
        name=made.alert_name,
        expr=Expr(expr, by),
        for_=wanted.for_,
        severity=wanted.severity,
        topic="own",
        summary=wanted.summary or _summary(made, wanted),
        description=_description(made, wanted),
        threshold=wanted.threshold,
        value=_value(made, made.of(wanted)),
    )


def rules(declarations: Iterable[Declaration], service: str) -> str:
    """Render the rule file of a service's own alerts, as Prometheus loads it."""
    found = [_rule(made, service) for made in declarations if made.alert is not None]
    names = [rule["alert"] for rule in found]
    for name in names:
        if names.count(name) > 1:
            raise QueryInvalid(f"two metrics have the alert {name!r}: give one of them a name, Alert(name=...)")
    group = {"name": f"servewatch-own-{service}", "rules": found}
    return f"{header(service)}\n{to_yaml({'groups': [group]})}"


def header(service: str) -> str:
    """The first line of what is generated for a service."""
    return HEADER.format(source=f"what {service} declares")


def number(value: float) -> str:
    """A number as PromQL reads it, with all its digits."""
    return f"{value:.15g}"


def _observations(metric: Metric, window: str, by: tuple[str, ...], where: Mapping[str, str | Match]) -> Expr:
    return total(by, bucket_rate(metric, window, by, **{**where, "le": "+Inf"}))


def _enough(made: Declaration, wanted: declared.Alert, service: str) -> Expr | None:
    """How many were counted in the window, where a few would prove nothing."""
    of, by = made.of(wanted), ("service", *wanted.by)
    if not wanted.minimum or made.metric.kind == "gauge" or of in ("rate", "increase"):
        return None
    if made.metric.kind == "counter":
        return total(by, increase(made.metric, wanted.window, service=service))
    per_second = _observations(made.metric, wanted.window, by, {"service": service, **wanted.where})
    return Expr(f"{seconds(wanted.window)} * {per_second}", by)


def seconds(duration: str) -> int:
    """The seconds of a duration like 5m."""
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]]


def _summary(made: Declaration, wanted: declared.Alert) -> str:
    of = made.of(wanted)
    labels = "".join(f" {label} {{{{ $labels.{label} }}}}" for label in wanted.by)
    name = f"{of} of {made.metric.name}" if of[0] == "p" or made.metric.kind == "gauge" else made.metric.name
    meant = f" {_MEANT[of]}" if of in _MEANT else ""
    return f"{{{{ $labels.service }}}}:{labels} {name} was {WRITTEN}{meant}"


def _value(made: Declaration, of: str) -> Value:
    """Digits that fit what is compared, in the metric's own unit where that is what is told."""
    if of == "share":
        return percent()
    counted = of in ("rate", "increase")
    fitting = (value for suffix, value in _UNITS.items() if made.metric.name.endswith(suffix) and not counted)
    return next(fitting, Value("humanize"))


def _description(made: Declaration, wanted: declared.Alert) -> str:
    where = (
        f" where {', '.join(f'{label} is {value}' for label, value in wanted.where.items())}" if wanted.where else ""
    )
    window = "" if made.metric.kind == "gauge" else f" of {wanted.window}"
    side = "above" if wanted.sign == ">" else "below"
    said = f"{made.metric.help} The {made.of(wanted)}{window}{where} was {side} {number(wanted.threshold)}"
    text = wanted.runbook.strip()
    return f"{said} for {wanted.for_}." + (f" {text}" if text and not _URL.match(text) else "")


def _rule(made: Declaration, service: str) -> dict[str, Any]:
    rule = alert(made, service).rule()
    text = made.alert.runbook.strip() if made.alert is not None else ""
    # Our runbook has no heading for it: there is the user's own page, or what to do stands in the description.
    rule["annotations"].pop("runbook_url")
    if _URL.match(text):
        rule["annotations"]["runbook_url"] = text
    return rule
