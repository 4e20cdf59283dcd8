"""A part of the stack that is away for a while: who watches the watchers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from alerts import Alert
from alerts.stack import ALERTS_UNSENT, TARGET_DOWN
from servewatch.stack import hints, state
from servewatch.stack.errors import StackError
from servewatch.stack.wake import Wake
from servewatch.traffic.demo import alert_state, came_of

STOPPED: dict[str, tuple[Alert, ...]] = {"alertmanager": (TARGET_DOWN, ALERTS_UNSENT), "prometheus": ()}
"""What can be stopped, and the alerts that tell of it; of a Prometheus that is back soon nobody has to know."""

STOP_SECONDS = 120.0
EVERY = 10.0


def follow_stop(name: str, folder: Path, seconds: float | None, prometheus: str, say: Callable[[str], None]) -> None:
    """Stop a process of a native stack, keep it down for so long, and tell what comes of it."""
    record = state.read(folder)
    if record is None or not record.supervised or record.find(name) is None:
        raise StackError(
            f"no native stack runs in {folder} that has {name}", hints.command("up --native", folder.parent)
        )
    seconds, expected = seconds or STOP_SECONDS, STOPPED[name]
    say(f"stop: {name} is killed without warning and stays down for {seconds:.0f} s")
    told = " and ".join(f"{alert.name} ({alert.severity})" for alert in expected)
    say(f"expect the alerts {told} after {expected[0].for_}" if expected else "expect no alert")
    state.ask_kill(folder, name, seconds)
    seen: dict[str, set[str]] = {alert.name: set() for alert in expected}
    with Wake() as wake:
        began = time.monotonic()
        while not wake.stop and time.monotonic() - began < seconds:
            wake.wait(EVERY)
            now = {alert: alert_state(prometheus, alert) for alert in seen}
            for alert, found in now.items():
                seen[alert].add(found)
            states = ", ".join(f"{alert} {found}" for alert, found in now.items())
            say(f"{time.monotonic() - began:4.0f} s  {states or f'{name} is away'}")
    for alert, states_seen in seen.items():
        say(f"done; {came_of(alert, states_seen, f'{name} was back too soon')}")
