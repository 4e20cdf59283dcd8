"""What a colour means: the same on every dashboard."""

from __future__ import annotations

from typing import Any

OK, WARNING, BAD, TRAFFIC = "green", "orange", "red", "blue"
NOTHING = "#808080"
"""Neither good nor bad: nothing is known."""
P50, P95, P99, P999, MEAN = "#2EA8FA", "dark-blue", "#C9A6BC", "#89526E", "dark-purple"
"""As far from each other as can be without the colours that mean well or ill, for readers who see fewer hues too."""

SHED = "light-red"
"""Turned away: a failure for who asked, but one that keeps the others fast."""

CODES = {"/^2/": OK, "/^3/": "light-green", "/^4/": WARNING, "/^5/": BAD, "/^503$/": SHED}
"""Colours of answers, by a regular expression on the code; the last that fits counts."""

Step = dict[str, Any]

BUDGET: list[Step] = [
    {"color": BAD, "value": None},
    {"color": WARNING, "value": 0},
    {"color": OK, "value": 0.25},
]
"""Of an error budget: spent, nearly spent, fine."""

FROM_ONE: list[Step] = [{"color": BAD, "value": None}, {"color": OK, "value": 1}]
"""Of what should be 1 or more."""

DRIFT: list[Step] = [
    {"color": OK, "value": None},
    {"color": WARNING, "value": 0.5},
    {"color": BAD, "value": 1},
]
"""Of a score as a share of its limit."""


def steps(bad_from: float | None = None, base: str = OK) -> list[Step]:
    """Give threshold steps: the base colour, and red from a value on."""
    found: list[Step] = [{"color": base, "value": None}]
    if bad_from is not None:
        found.append({"color": BAD, "value": bad_from})
    return found


def rising(*colors: tuple[str, float | None]) -> list[Step]:
    """Give threshold steps of several colours, each from its value on, the first from the beginning."""
    return [{"color": color, "value": value} for color, value in colors]


def between(*named: tuple[float | None, float | None, str, str]) -> list[dict[str, Any]]:
    """Map ranges of values to a word and a colour: (from, to, word, colour); None is no end."""
    return [
        {"type": "range", "options": {"from": low, "to": high, "result": {"text": text, "color": color, "index": at}}}
        for at, (low, high, text, color) in enumerate(named)
    ]


def states(**named: tuple[float, str]) -> list[dict[str, Any]]:
    """Map values to a word and a colour: `states(Up=(1, OK), Down=(0, BAD))`."""
    options = {
        f"{value:g}": {"text": text, "color": color, "index": index}
        for index, (text, (value, color)) in enumerate(named.items())
    }
    return [{"type": "value", "options": options}]


def colored(names: dict[str, str]) -> list[dict[str, Any]]:
    """Fix the colour of series, by name or by a /regular expression/ on it."""
    return [
        {
            "matcher": {"id": "byRegexp" if name.startswith("/") else "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}],
        }
        for name, color in names.items()
    ]
