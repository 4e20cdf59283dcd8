"""For each alert of a user's a promtool test in which it fires, and one in which it stays silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alerts.own import header, number, seconds
from alerts.promql import QueryInvalid
from alerts.rules import to_yaml
from monitoring.catalogue.declaration import Alert, Declaration

Series = list[dict[str, str]]
_MANY = 10
_SOME, _ELSE = "some", "else"


def tests(declarations: Iterable[Declaration], service: str, rules: str) -> str:
    """Render the tests of a service's own alerts, for `promtool test rules`; `rules` is the way to the rule file."""
    found = [test for made in declarations if made.alert is not None for test in _both(made, made.alert, service)]
    document = {"rule_files": [rules], "evaluation_interval": "15s", "tests": found}
    return f"{header(service)}\n{to_yaml(document)}"


def _both(made: Declaration, alert: Alert, service: str) -> list[dict[str, Any]]:
    step = max(1, min(15, seconds(alert.window) // 4))
    length = seconds(alert.window) + seconds(alert.for_) + 120
    fires, silent = _samples(made, alert, service, step, length // step + 1)
    shown = {"alertname": made.alert_name, "alertstate": "firing"}
    labels = {**shown, **_labels(made, alert, service, ("service", *alert.by)), "severity": alert.severity}
    firing = [{"labels": f"ALERTS{_braces(labels)}", "value": 1}]
    return [
        _test(f"{made.alert_name} fires", fires, _braces(shown), length, step, firing),
        _test(f"{made.alert_name} is silent", silent, _braces(shown), length, step, []),
    ]


def _test(name: str, series: Series, alert: str, at: int, step: int, expected: list[Any]) -> dict[str, Any]:
    asked = {"expr": f"ALERTS{alert}", "eval_time": f"{at}s", "exp_samples": expected}
    return {"name": name, "interval": f"{step}s", "input_series": series, "promql_expr_test": [asked]}


def _samples(made: Declaration, alert: Alert, service: str, step: int, times: int) -> tuple[Series, Series]:
    """Series on which the alert fires, and series on which it does not."""
    of, name = made.of(alert), made.metric.name
    labels = _labels(made, alert, service)

    def counting(series: str, each: float, **more: str) -> dict[str, str]:
        return {"series": f"{series}{_braces({**labels, **more})}", "values": f"0+{number(each)}x{times}"}

    many = max(_MANY, alert.minimum)
    if made.metric.kind == "gauge":
        return _sides(alert, [_constant(f"{name}{_braces(labels)}", v, times) for v in _around(alert)])
    if of in ("rate", "increase"):
        series = made.metric.bucket if made.metric.kind == "histogram" else name
        more = {"le": "+Inf"} if made.metric.kind == "histogram" else {}
        window = 1 if of == "rate" else seconds(alert.window)
        return _sides(alert, [[counting(series, v * step / window, **more)] for v in _amounts(made, alert)])
    if of == "share":
        elsewhere = dict.fromkeys(alert.where, _ELSE)
        shares = _shares(made, alert)
        pairs = [[counting(name, many * v), counting(name, many * (1 - v), **elsewhere)] for v in shares]
        return _sides(alert, pairs)
    enough = counting(made.metric.bucket, many, le="+Inf")
    if of == "mean":
        counted = [counting(made.metric.count, many), enough]
        return _sides(alert, [[counting(made.metric.sum, many * v), *counted] for v in _amounts(made, alert)])
    return _quantiles(made, alert, lambda le, each: counting(made.metric.bucket, each, le=le), many)


def _sides(alert: Alert, low_and_high: list[Series]) -> tuple[Series, Series]:
    low, high = low_and_high
    return (high, low) if alert.sign == ">" else (low, high)


def _around(alert: Alert) -> tuple[float, float]:
    far = max(1.0, abs(alert.threshold))
    return alert.threshold - far, alert.threshold + far


def _amounts(made: Declaration, alert: Alert) -> tuple[float, float]:
    """Amounts below and above the threshold, of what is never less than 0."""
    least = alert.threshold < 0 if alert.sign == ">" else alert.threshold <= 0
    if least:
        raise _useless(made, alert, "fires always" if alert.sign == ">" else "never fires", "it is never less than 0")
    return alert.threshold / 2, alert.threshold * 2 or 1.0


def _shares(made: Declaration, alert: Alert) -> tuple[float, float]:
    if alert.threshold >= 1:
        raise _useless(made, alert, "never fires" if alert.sign == ">" else "fires always", "a share is at most 1")
    low, _ = _amounts(made, alert)
    return low, (1 + alert.threshold) / 2


def _quantiles(made: Declaration, alert: Alert, bucket: Any, many: int) -> tuple[Series, Series]:
    """All observations in one bucket: of those that give a quantile below the threshold, and of those above."""
    bounds, level = (0.0, *made.metric.buckets), int(made.of(alert)[1:]) / 100
    below: list[int] = []
    above: list[int] = []
    for at in range(1, len(bounds)):
        value = bounds[at - 1] + level * (bounds[at] - bounds[at - 1])
        (above if value > alert.threshold else below if value < alert.threshold else []).append(at)
    firing, quiet = (above, below) if alert.sign == ">" else (below, above)
    if not firing:
        reach = f"its buckets are {', '.join(map(number, made.metric.buckets))}"
        raise _useless(made, alert, "never fires", f"{reach}: give others")

    def series(full: int | None) -> Series:
        counts = {number(bounds[at]): many if full is not None and at >= full else 0 for at in range(1, len(bounds))}
        return [bucket(le, each) for le, each in {**counts, "+Inf": many if full is not None else 0}.items()]

    return series(firing[-1] if alert.sign == ">" else firing[0]), series(quiet[0] if quiet else None)


def _useless(made: Declaration, alert: Alert, what: str, why: str) -> QueryInvalid:
    side = "above" if alert.sign == ">" else "below"
    return QueryInvalid(
        f"metric {made.metric.name!r}: its alert on {made.of(alert)} {side} {number(alert.threshold)} {what}: {why}"
    )


def _labels(made: Declaration, alert: Alert, service: str, only: Iterable[str] | None = None) -> dict[str, str]:
    values = {label: (made.known.get(label) or (_SOME,))[0] for label in made.labels} | dict(alert.where)
    all_of_them = {"service": service, "version": "1", "job": "serving", "instance": "replica", **values}
    return all_of_them if only is None else {label: all_of_them[label] for label in only}


def _constant(series: str, value: float, times: int) -> Series:
    return [{"series": series, "values": f"{number(value)}x{times}"}]


def _braces(labels: Mapping[str, str]) -> str:
    texts = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in labels.items()}
    return "{" + ",".join(f'{name}="{text}"' for name, text in texts.items()) + "}"
