"""Objectives: how much of each service's error budget is left, how fast it burns, and whether anybody can tell."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from alerts import objectives as declared
from alerts.indicators import ALL, BAD, chosen, indicators
from alerts.objectives import DEFAULTS, Objective, resolve
from alerts.promql import Expr, Match, aggregate, over_time, ratio, select
from alerts.retired import but
from alerts.rules import SLOTH_INFO, Alert, Recording, rules_file
from alerts.values import decimals
from alerts.windows import LONG
from monitoring.catalogue import stack

WINDOWS = {LONG: "", "30m": "30s", "1h": "30s", "2h": "1m", "6h": "1m", "1d": "5m", "3d": "5m", "30d": "5m"}
"""The windows, and how far apart they look at the rates that they add up: never further than a rate reaches."""

SURE = "1h"
"""What longer windows say until they have looked once, which those that look seldom do minutes after a start."""

PERIOD = "30d"
PAGES = ((14.4, LONG, "1h"), (6.0, "30m", "6h"))
TICKETS = ((3.0, "2h", "1d"), (1.0, "6h", "3d"))
"""How many times too fast the budget burns, in which short and which long window."""

MINIMUM = 10
"""Broken events in the long window: fewer mean nothing."""

_BY = ("service", "slo")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_KNOWN = "1h"
_HALF = 0.5
_TIMES = decimals(1, "times", limited=False)


def seconds(window: str) -> int:
    """How long a window is."""
    return int(window[:-1]) * _SECONDS[window[-1]]


def _record(name: str, expr: Expr, help: str, interval: str = "") -> Recording:
    return Recording(name, expr, "slo", help, interval)


def _pace(window: str) -> str:
    """Long windows change slowly, and cost more."""
    return "" if window == LONG else "30s"


_BAD, _ALL = indicators(DEFAULTS)[:2]


def _error(window: str) -> Recording:
    step = WINDOWS[window]
    bad, whole = (over_time("sum", rates, f"{window}:{step}") if step else select(rates) for rates in (_BAD, _ALL))
    return _record(
        f"slo:sli_error:ratio_rate{window}",
        _or_sure("slo:sli_error:ratio_rate", window, ratio(bad, whole)),
        f"Share of the events of {window} that broke an objective; absent without any.",
        _pace(window),
    )


def _or_sure(prefix: str, window: str, expr: Expr) -> Expr:
    return Expr(f"{expr}\nor {prefix}{SURE}", _BY) if seconds(window) > seconds(SURE) else expr


def _broken(window: str) -> Recording:
    step = WINDOWS[window]
    added = over_time("sum", _BAD, f"{window}:{step}")
    return _record(
        f"slo:sli_bad:increase{window}",
        _or_sure("slo:sli_bad:increase", window, Expr(f"{seconds(step)} * {added}", _BY)),
        f"Events of {window} that broke an objective.",
        _pace(window),
    )


def _seen(window: str) -> Recording:
    step = WINDOWS[window]
    samples = seconds(window) // seconds(step)
    return _record(
        f"slo:sli_seen:ratio{window}",
        Expr(f"count_over_time({select(_ALL)}[{window}:{step}]) / {samples}\nor 0 * {select(_ALL)}", _BY),
        f"Share of {window} in which an objective was measured.",
        _pace(window),
    )


ERRORS = {window: _error(window) for window in WINDOWS}
BROKEN = {window: _broken(window) for _, _, window in (*PAGES, *TICKETS)}
SEEN = {window: _seen(window) for _, _, window in (*PAGES[1:], *TICKETS)}


def _promise(objective: Objective, all_of_them: Iterable[Objective]) -> Recording:
    help = "What is promised: the share of events that keep the objective."
    if objective.service:
        labels = {"service": objective.service, "slo": objective.name}
        return Recording("slo:objective:ratio", Expr(f"vector({objective.ratio:g})"), "slo", help, labels=labels)
    # A default is promised for what was measured lately: a declared one stands whether it can be measured or not.
    measured = over_time("last", _ALL, _KNOWN, **chosen([objective], all_of_them), slo=objective.name)
    kept = but(Expr(f"0 * {measured} + {objective.ratio:g}", _BY))
    return Recording("slo:objective:ratio", kept, "slo", help, labels={"slo": objective.name})


def promises(objectives: Sequence[Objective]) -> tuple[Recording, ...]:
    """Record what is promised to each service."""
    return tuple(_promise(objective, objectives) for objective in objectives)


PROMISE = promises(DEFAULTS)[0]
BUDGET = _record("slo:error_budget:ratio", Expr(f"1 - {select(PROMISE)}", _BY), "Share of events that may break it.")
DAYS = _record(
    "slo:time_period:days",
    Expr(f"0 * {select(PROMISE)} + {seconds(PERIOD) // seconds('1d')}", _BY),
    "Days over which the budget is spent.",
)


def _burn(window: str) -> Expr:
    return Expr(f"{select(ERRORS[window])} / {select(BUDGET)}", _BY)


BURN = _record("slo:current_burn_rate:ratio", _burn(LONG), f"How many times too fast the budget burns, over {LONG}.")
SPENT = _record("slo:period_burn_rate:ratio", _burn(PERIOD), f"Share of the budget of {PERIOD} that is spent.", "30s")
LEFT = _record(
    "slo:period_error_budget_remaining:ratio",
    Expr(f"1 - {select(SPENT)}", _BY),
    f"Share of the budget of {PERIOD} that is left; below 0 the objective is missed.",
    "30s",
)


def _sloth() -> Expr:
    """The objective as a label, beside the names by which dashboards made for Sloth choose."""
    made = f'count_values by (service, slo) ("sloth_objective", round(100 * {select(PROMISE)}, 0.0001))'
    made = f'label_join({made}, "sloth_id", "-", "service", "slo")'
    for ours in _BY:
        made = f'label_replace({made}, "sloth_{ours}", "$1", "{ours}", "(.*)")'
    return Expr(made, (*_BY, "sloth_objective", "sloth_id", "sloth_service", "sloth_slo"))


INFO = _record(SLOTH_INFO, _sloth(), "Always 1: each objective, with the labels that Sloth gives it.")


def recordings(objectives: Sequence[Objective] = DEFAULTS) -> tuple[Recording, ...]:
    """Give all recordings for these objectives, in the order in which one stands on another."""
    measured = (*ERRORS.values(), *BROKEN.values(), *SEEN.values())
    return (*indicators(objectives), *promises(objectives), BUDGET, DAYS, *measured, BURN, SPENT, LEFT, INFO)


RECORDINGS = recordings()


def _fast_enough(factor: float, short: str, long: str) -> str:
    conditions = [
        f"{_burn(long)} > {factor:g}",
        f"{_burn(short)} > {factor:g}",
        f"{select(BROKEN[long])} >= {MINIMUM}",
    ]
    if long in SEEN:
        conditions.append(f"{select(SEEN[long])} >= {_HALF:g}")
    return textwrap.indent("\nand ".join(conditions), "  ")


def _burns(pairs: Iterable[tuple[float, str, str]]) -> Expr:
    return Expr("(\n" + "\n  or\n".join(_fast_enough(*pair) for pair in pairs) + "\n)", _BY)


def _unpaged() -> Expr:
    """Whatever paged for this service lately: a fast alert comes before its burn, and one fault is one page."""
    paged = over_time("max", stack.ALERTS, "30m", alertstate="firing", severity="page", alertname=Match("!~", "SLO.*"))
    return Expr(f"{_burns(PAGES)}\nunless on (service) {aggregate('max', ('service',), paged)}", _BY)


BURNS_FAST = Alert(
    name="SLOBudgetBurnsFast",
    expr=_unpaged(),
    for_="2m",
    severity="page",
    topic="slo",
    summary="{{ $labels.service }}: budget of {{ $labels.slo }} burnt {{ $value }} too fast",
    description=(
        "At 14.4 times 2% of the month's error budget go in an hour, at 6 times 5% in six hours. "
        "Nothing else had paged for this service in 30m."
    ),
    threshold=PAGES[0][0],
    value=_TIMES,
    minimum_requests=MINIMUM,
)

BURNS_SLOWLY = Alert(
    name="SLOBudgetBurnsSlowly",
    expr=_burns(TICKETS),
    for_="15m",
    severity="ticket",
    topic="slo",
    summary="{{ $labels.service }}: budget of {{ $labels.slo }} burnt {{ $value }} too fast",
    description="At 3 times 10% of the month's error budget go in a day, at once 10% in three days.",
    threshold=TICKETS[0][0],
    value=_TIMES,
    minimum_requests=MINIMUM,
)

BLIND = Alert(
    name="SLOBlind",
    expr=Expr(
        f"{select(PROMISE)}\nunless on (service, slo) ({select(ERRORS[LONG])} or {select(_ALL)} == 0)",
        _BY,
    ),
    for_="10m",
    severity="ticket",
    topic="slo",
    summary="{{ $labels.service }}: nothing was measured of the objective {{ $labels.slo }}",
    description=(
        "It was promised, and no series said whether it was kept: what it counts was gone, or named otherwise. "
        "Such an objective can neither be kept nor missed."
    ),
    threshold=0,
)

ALERTS = (BURNS_FAST, BURNS_SLOWLY, BLIND)


def own(root: Path) -> tuple[Objective, ...]:
    """Give the objectives of slos.yml in this folder; none where it is not there."""
    path = root / declared.FILE
    return declared.read(path) if path.is_file() else ()


def rules(objectives: Iterable[Objective]) -> str:
    """Render the rule file for what is declared, beside the defaults."""
    return rules_file("slo", recordings(resolve(objectives)), ALERTS)


__all__ = ["ALERTS", "ALL", "BAD", "RECORDINGS", "own", "recordings", "rules"]
