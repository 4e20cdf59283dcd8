"""A service that dies again and again: of a crash, or as the kernel kills what has filled its memory."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from alerts.models import RUNNER_RESTARTING
from servewatch.stack import health, hints, state
from servewatch.stack.errors import StackError
from servewatch.stack.wake import Wake
from servewatch.traffic import pictures, samples
from servewatch.traffic.client import NO_ANSWER, Client, Sample
from servewatch.traffic.demo import alert_state, came_of, refuse_others
from servewatch.traffic.faults import HEADER

DEATHS = int(RUNNER_RESTARTING.threshold) + 1
PERIOD = 60.0
"""Seconds from one death to the next."""
AWAY = 1.0
TICK = 5.0
HELD = 20
"""MiB that the service is asked to hold at each tick: twelve of them in a period, all freed by its death."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One way to die again and again."""

    name: str
    told: str
    first: float
    """When it dies first: at once, or once its memory is full."""
    fills: bool = False

    @property
    def seconds(self) -> float:
        """How long it takes until the alert must have come."""
        return self.first + (DEATHS - 1) * PERIOD + PERIOD / 2


CRASH = Loop("crash", f"the service is killed without warning each {PERIOD:.0f} s, and started again", 0.0)
LEAK = Loop(
    "leak",
    f"{HELD} MiB more are held each {TICK:.0f} s; each {PERIOD:.0f} s the service dies of it, as by the kernel",
    PERIOD,
    fills=True,
)


def follow_deaths(
    loop: Loop, url: str, home: Path, seconds: float | None, prometheus: str, say: Callable[[str], None]
) -> None:
    """Let the service of a native stack die each period, and tell what comes of it."""
    folder, seconds, name = home / "stack", seconds or loop.seconds, RUNNER_RESTARTING.name
    record = state.read(folder)
    if record is None or not record.supervised or record.find("serving") is None:
        raise StackError(f"no native stack with a service runs in {folder}", hints.command("up --native", home))
    if problem := health.answers(f"{url}/readyz"):
        raise StackError(f"the service is not ready: {problem}", hints.command("status", home))
    refuse_others(url)
    say(f"{loop.name}: {loop.told}, for {seconds:.0f} s")
    say(f"expect the alert {name} ({RUNNER_RESTARTING.severity}) once it has started {DEATHS} times")
    seen, due = set[str](), loop.first
    hold = _holding(home) if loop.fills else None
    with Wake() as wake:
        began = time.monotonic()
        while not wake.stop and (now := time.monotonic() - began) < seconds:
            if now >= due:
                state.ask_kill(folder, "serving", AWAY)
                due += PERIOD
                say(f"{now:4.0f} s  the service is killed")
            elif hold is not None:
                say(f"{now:4.0f} s  {_held(url, hold)}")
            wake.wait(TICK)
            seen.add(found := alert_state(prometheus, name))
            say(f"{time.monotonic() - began:4.0f} s  {name} {found}")
    say(f"done; {came_of(name, seen, 'it ended too early, or the service took too long to start')}")


def _holding(home: Path) -> Sample:
    return replace(samples.png(pictures.load(home)[0]), headers={HEADER: f"hold={HELD}"})


def _held(url: str, hold: Sample) -> str:
    client = Client(url, limit=1, timeout=TICK)
    try:
        code = client.send(hold)
    finally:
        client.close()
    if code == http.client.OK:
        return f"it was asked to hold {HELD} MiB more"
    return "it is not back" if code == NO_ANSWER else f"it answered {code} and holds no more"
