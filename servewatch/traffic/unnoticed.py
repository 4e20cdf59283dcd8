"""Faults by which no request of others fails: slow clients, and labels that stay away; alerts that come are shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from alerts.requests import REQUEST_LATENCY_HIGH
from monitoring.catalogue import quality, requests
from servewatch.stack import health, hints, state
from servewatch.stack.errors import StackError
from servewatch.stack.wake import Wake
from servewatch.traffic import away
from servewatch.traffic.demo import alerts_now, counted, refuse_others
from servewatch.traffic.dripping import CLIENTS, STAY, Drip, drip

Say = Callable[[str], None]
FLOOD_SECONDS, LABELS_SECONDS = 180.0, 300.0
EVERY = 10.0
LEFT = f'sum({requests.TOTAL.name}{{code="499"}})'
LABELLED = f"sum({quality.LABELLED.name})"


def follow_flood(url: str, home: Path, seconds: float | None, prometheus: str, say: Say) -> None:
    """Let many clients send slowly and cut them off, for so long, and tell what comes of it."""
    seconds = seconds or FLOOD_SECONDS
    if problem := health.answers(f"{url}/readyz"):
        raise StackError(f"the service is not ready: {problem}", f"{hints.command('up', home)}, or give --url")
    refuse_others(url)
    say(f"slow clients: {CLIENTS} at a time send a byte now and then, and are cut off after {STAY:.0f} s each")
    say("expect 499 in the service's answers by code, while other requests are answered as ever")
    late = REQUEST_LATENCY_HIGH
    say(f"expect the alert {late.name} ({late.severity}) within 2 minutes: their time counts until they are cut off")
    flood = Drip(url)
    with Wake() as wake:
        began, seen = time.monotonic(), set[str]()
        while not wake.stop and (left := began + seconds - time.monotonic()) > 0:
            drip(flood, time.monotonic() + min(EVERY, left), wake)
            told = f"{flood.sending} send, {flood.cut} cut off, {flood.closed} ended by the service"
            say(_line(began, f"{told}; {counted(prometheus, LEFT)} x 499", prometheus, seen))
        flood.close()
    say(_came_of(seen))


def follow_labels(home: Path, seconds: float | None, prometheus: str, say: Say) -> None:
    """Let a native stack's demo traffic send no labels for so long, and tell what comes of it."""
    folder, seconds = home / "stack", seconds or LABELS_SECONDS
    record = state.read(folder)
    if record is None or not record.supervised or record.find("traffic") is None:
        raise StackError(f"no native stack with demo traffic runs in {folder}", hints.command("up --native", home))
    say(f"labels: the demo's traffic goes on, and no true class of what it sends comes for {seconds:.0f} s")
    say("expect no alert: the count of labels stands still, and how often the model is right is known of fewer")
    away.send_none(folder, time.time() + seconds)
    try:
        with Wake() as wake:
            began, seen = time.monotonic(), set[str]()
            while not wake.stop and (left := began + seconds - time.monotonic()) > 0:
                wake.wait(min(EVERY, left))
                say(_line(began, f"{counted(prometheus, LABELLED)} labels so far", prometheus, seen))
    finally:
        away.send_again(folder)
    say(_came_of(seen))


def _line(began: float, told: str, prometheus: str, seen: set[str]) -> str:
    now = alerts_now(prometheus)
    seen |= {name for name, found in now.items() if found == "fires"}
    shown = ", ".join(f"{name} {found}" for name, found in now.items()) or "no alert"
    return f"{time.monotonic() - began:4.0f} s  {told}; {shown}"


def _came_of(seen: set[str]) -> str:
    return f"done; {', '.join(sorted(seen))} fired" if seen else "done; no alert fired"
