"""What happens to objectives: too few failures for an alert of a minute, and enough for the month's budget."""

from __future__ import annotations

from alerts.objectives import DEFAULTS
from alerts.slo import BLIND, BURNS_FAST, BURNS_SLOWLY, PAGES, TICKETS, WINDOWS
from alerts.windows import LONG
from servewatch.replay.incident import STEP, Incident, Promise, seconds
from servewatch.replay.promises import at_once, crossing, share
from servewatch.replay.world import Phase, Service

_BUDGET = 1 - next(objective.ratio for objective in DEFAULTS if objective.name == "availability")
_SMOOTH = seconds(LONG)
_LOOKS = seconds(WINDOWS[PAGES[0][2]])
"""How far apart the window looks at the rates that it adds up: it lags by half of that too."""

_FAST, _FAST_WINDOW = PAGES[0][0] * _BUDGET, seconds(PAGES[0][2])
_BEFORE, _SHARE = 24 * 3600.0, 0.004
_SEEN = 0.5
"""Share of a window in which something has to be known of an objective."""


def _slowly() -> Promise:
    """Whichever pair of windows is first: of each, enough must be known, and enough of that must be broken."""
    reached = {
        long: max(
            _SEEN * seconds(long) - _BEFORE,
            min(
                crossing(seconds(long), factor * _BUDGET, (0.0, 1.0), (_SHARE, 1.0), _SMOOTH),
                _grown(factor * _BUDGET) if seconds(long) > _BEFORE else float("inf"),
            ),
        )
        for factor, _, long in TICKETS
    }
    first = min(reached, key=lambda long: reached[long])
    return Promise(BURNS_SLOWLY, reached[first], f"half of {first} is known, and the budget of its pair is burnt in it")


def _grown(limit: float) -> float:
    """When all that is known so far has such a share, where that is less than the window."""
    return _BEFORE * limit / (_SHARE - limit) + _SMOOTH / 2


BURNS = Incident(
    "burns-fast",
    "Three of a hundred requests fail: under every other limit, and thirty times what the month's budget allows",
    (Phase(4500.0), Phase(3000.0, Service(errors=0.03))),
    (share(BURNS_FAST, _FAST_WINDOW, _FAST, 0.03, smooth=_SMOOTH + _LOOKS),),
    step=15.0,
)
SMOULDERS = Incident(
    "burns-slowly",
    "Four of a thousand requests fail, for half a day",
    (Phase(_BEFORE), Phase(15 * 3600.0, Service(errors=_SHARE))),
    (_slowly(),),
    step=150.0,
    scrape=30.0,
)
RENAMED = Incident(
    "renamed",
    "A release renames the metrics of requests: the service answers, and nothing says how",
    (Phase(900.0), Phase(1200.0, Service(counted=False))),
    (at_once(BLIND, seconds(LONG) - STEP, f"the last two samples leave the window of {LONG}"),),
)

INCIDENTS = (BURNS, SMOULDERS, RENAMED)
