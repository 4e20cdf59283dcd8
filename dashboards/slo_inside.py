"""The SLO dashboard's charts: budgets, what spends them, and each objective on a line."""

from __future__ import annotations

from alerts import indicators
from alerts.algebra import Vector, by, of
from alerts.promql import Match, Source, like, select, total
from alerts.requests import RATES
from alerts.slo import BROKEN, BUDGET, ERRORS, LEFT, PAGES, PERIOD, PROMISE, RECORDINGS, TICKETS
from alerts.windows import LONG
from dashboards import leads, panels, style, values
from dashboards.chosen import SERVICE
from dashboards.occurred import occurred
from dashboards.panels import Modern, query
from dashboards.values import Column

Chosen = dict[str, str | Match]

NO_EVENTS = "No traffic"

_NAMED = "{{service}} {{slo}}"
_KEY = ("service", "slo")
_FACTORS = [(window, factor) for factor, _, window in (*PAGES, *TICKETS)]
_COLORS = ("dark-red", style.BAD, style.WARNING, "yellow")


def _recorded(name: str) -> Source:
    return next(recording for recording in RECORDINGS if recording.name == name)


BAD, ALL = _recorded(indicators.BAD), _recorded(indicators.ALL)


def _burn(window: str, chosen: Chosen) -> Vector:
    return of(ERRORS[window], **chosen) / of(BUDGET, **chosen)


def budget(chosen: Chosen) -> list[list[Modern]]:
    """What is left, how fast it goes, and what spends it."""
    return [[_left(chosen)], [_burning(chosen), _shares(chosen)], [_spent(chosen), _failed()]]


def _left(chosen: Chosen) -> Modern:
    return panels.timeseries(
        "Error budget left",
        f"Share of the budget of {PERIOD} that is left ({LEFT.name}). Below the red line the objective is missed; "
        "below a quarter leave what is risky for later.",
        [query(select(LEFT, **chosen), _NAMED)],
        "percentunit",
        marked=style.BUDGET,
        least=None,
        absent=NO_EVENTS,
    )


def _burning(chosen: Chosen) -> Modern:
    lines = style.rising((style.OK, None), *zip(reversed(_COLORS), sorted(f for _, f in _FACTORS), strict=True))
    drawn = panels.timeseries(
        "Burn rate by window",
        "How many times too fast the budget goes, in each window that alerts look at. The lines are where they begin: "
        + ", ".join(f"{factor:g} over {window}" for window, factor in _FACTORS)
        + ".",
        [query(_burn(window, chosen).expr, f"{_NAMED} {window}") for window, _ in _FACTORS],
        "none",
        marked=lines,
        beside=True,
        absent=NO_EVENTS,
    )
    drawn.defaults["custom"]["axisSoftMax"] = 16
    return drawn


def _shares(chosen: Chosen) -> Modern:
    windows = (LONG, *(window for window, _ in _FACTORS))
    return panels.timeseries(
        "Broken share by window",
        "Share of events that broke the objective (slo:sli_error), beside what is allowed: above it budget is spent "
        "faster than it should.",
        [
            *(query(select(ERRORS[window], **chosen), f"{_NAMED} {window}") for window in windows),
            query(select(BUDGET, **chosen), f"{_NAMED} allowed"),
        ],
        "percentunit",
        colors={"/allowed$/": style.BAD},
        beside=True,
        absent=NO_EVENTS,
    )


def _spent(chosen: Chosen) -> Modern:
    return panels.timeseries(
        "What spends the budget",
        f"Events per second that broke an objective, stacked ({BAD.name}): which promise it is.",
        [query(select(BAD, **chosen), _NAMED)],
        "ops",
        stacked=True,
        absent=NO_EVENTS,
    )


def _failed() -> Modern:
    parts = ("service", "code")
    wrong: dict[str, str | Match] = {"code": like("5.."), **SERVICE}
    failed = occurred(parts, total(parts, select(RATES[LONG], **wrong)), RATES[LONG], **wrong)
    none = f"0 * {total(('service',), select(RATES[LONG], **SERVICE))} unless on (service) ({failed})"
    return panels.timeseries(
        "Failed requests by code",
        f"Requests per second over {LONG} answered with 5xx, stacked ({RATES[LONG].name}): 503 is load turned away, "
        "504 too late, 500 an error of the service. `none` at 0: requests came, and none failed.",
        [query(f'{failed} or label_replace({none}, "code", "none", "", "")', "{{service}} {{code}}")],
        "reqps",
        stacked=True,
        colors={"/503$/": style.SHED, "/50[04]$/": style.BAD, "/none$/": style.OK},
        absent=NO_EVENTS,
    )


def objectives(chosen: Chosen, board: str) -> list[Modern]:
    """A line for each objective."""
    columns = [
        Column("Promised", select(PROMISE, **chosen), "percentunit", 3),
        Column(f"Kept in {PERIOD}", (1 - of(ERRORS[PERIOD], **chosen)).expr, "percentunit", 3),
        Column("Budget left", select(LEFT, **chosen), "percentunit", 1, tuple(style.BUDGET), full=1),
        *(
            Column(f"Burn of {window}", _burn(window, chosen).expr, "none", 2, tuple(_steps(factor, color)))
            for (window, factor), color in zip(_FACTORS, _COLORS, strict=True)
        ),
        Column("Broken in 1h", by("max", _KEY, of(BROKEN["1h"], **chosen)).expr, "none", 0),
    ]
    clicked = {"service": '${__data.fields["Service"]}', "slo": '${__data.fields["Objective"]}'}
    described = (
        f"Each promise and how it is kept over {PERIOD}, or since it is measured. Burn is coloured from where its "
        "alert begins. A dash is no event to judge by. An objective's name shows it alone."
    )
    shown = values.numbers(
        "Objectives",
        described,
        dict(zip(_KEY, ("Service", "Objective"), strict=True)),
        columns,
        "No objective is promised",
        cells=[
            values.linked("Objective", leads.board(board, **clicked), "This objective alone"),
            values.linked("Service", leads.board(board, service=leads.CLICKED), "This service alone"),
        ],
    )
    return [shown]


def _steps(factor: float, color: str) -> list[style.Step]:
    return style.rising((style.OK, None), (color, factor))
