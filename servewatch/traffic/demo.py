"""What `servewatch demo` does: traffic until told to stop, and faults that are followed until they are done."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alerts.stack import WATCHDOG
from servewatch.stack import health, hints
from servewatch.stack.compose import Compose
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Mode
from servewatch.stack.native import Native
from servewatch.stack.wake import Wake
from servewatch.traffic import faults, pictures, samples
from servewatch.traffic.away import away
from servewatch.traffic.client import Client
from servewatch.traffic.late import LateLabels
from servewatch.traffic.run import Run, Tally, report, tally
from servewatch.traffic.schedule import arrivals
from serving.errors import ServewatchError

Say = Callable[[str], None]
EVERY = 2.0
TELL_EVERY = 60.0
RECENT = 6
"""Reports over which the rate is shown: single ones jump with the bursts."""

FIRES, PENDING, SILENT, UNKNOWN = "fires", "is pending", "is silent", "(Prometheus does not answer)"


class TrafficInvalid(ServewatchError):
    """The service is not one that demo traffic can be sent to."""

    code = "traffic_invalid"


def send_traffic(url: str, home: Path, rate: float, seconds: float | None, path: Path | None, say: Say) -> None:
    """Send demo traffic to the service until told to stop."""
    with Wake() as wake:
        report(path, "it prepares", Tally({}, 0, 0))
        shown = samples.mixed(pictures.load(home), pictures.labels(home))
        _wait_ready(url, wake, lambda problem: report(path, f"waits for the service: {problem}", Tally({}, 0, 0)))
        if wake.stop:
            return
        refuse_others(url)
        say(f"sending about {rate:g} requests/s to {url}")
        late = LateLabels(url, away=lambda: away(home / "stack"))
        client, began = Client(url), time.monotonic()
        client.on_prediction = late.note
        run = Run(client, shown, arrivals(rate))
        end = began + seconds if seconds else float("inf")
        recent, told = deque([tally(client, 0.0)], maxlen=RECENT), 0.0
        while not wake.stop and time.monotonic() < end:
            run.until(min(end, time.monotonic() + EVERY), wake)
            late.send(wake.wait)
            now = tally(client, time.monotonic() - began)
            report(path, str(now.since(recent[0])), now)
            if now.seconds - told >= TELL_EVERY:
                told = now.seconds
                say(str(now))
            recent.append(now)
        client.close()
        say(f"done: {tally(client, time.monotonic() - began)}")


def refuse_others(url: str) -> None:
    """Raise where the service has not the demo's endpoints."""
    paths = _get(f"{url}/openapi.json").get("paths", {})
    missing = [path for path in (samples.PREDICT, samples.PREDICT_ARRAY) if path not in paths]
    if missing:
        raise TrafficInvalid(
            f"the service at {url} has no {' and no '.join(missing)}: it is not the demo service",
            "demo traffic is made for examples.fashion.service:Fashion; send requests of your own to this one",
        )


def cause(fault: faults.Fault, url: str, home: Path, seconds: float | None, prometheus: str, say: Say) -> None:
    """Cause a fault for so long, and tell every few seconds what comes of it."""
    seconds = seconds or fault.seconds
    problem = health.answers(f"{url}/readyz")
    if problem:
        raise StackError(f"the service is not ready: {problem}", f"{hints.command('up', home)}, or give --url")
    refuse_others(url)
    say(f"{fault.name}: {fault.told}, for {seconds:.0f} s, to {url}")
    say(f"expect the alert {fault.alert.name} ({fault.alert.severity}) {fault.expected}")
    seen: set[str] = set()
    client = Client(url, limit=fault.in_flight, timeout=60.0)
    with Wake() as wake:
        run, began = Run(client, fault.make(pictures.load(home)), fault.plan()), time.monotonic()
        end, before = began + seconds, tally(client, 0.0)
        while not wake.stop and time.monotonic() < end:
            run.until(min(end, time.monotonic() + 10.0), wake)
            now = tally(client, time.monotonic() - began)
            seen.add(state := alert_state(prometheus, fault.alert.name))
            about = about_what(prometheus, fault.alert.name, fault.label) if fault.label else ""
            say(f"{now.seconds:4.0f} s  {now.since(before)}; {fault.alert.name} {state}{about}")
            before = now
        client.close()
    otherwise = "other traffic dilutes the fault, or it ran too short"
    say(f"done; {came_of(fault.alert.name, seen, otherwise, fault.windows)}")


def follow_kill(stack: Mode, seconds: float | None, prometheus: str, say: Say) -> None:
    """Kill the service, keep it down for so long, and follow until it is healthy again."""
    replicas = len(stack.replicas()) if isinstance(stack, Compose) else 1
    seconds, alert = seconds or faults.KILL_SECONDS, faults.kill_alert(replicas)
    name, killed = alert.name, "the service" if replicas <= 1 else f"one of {replicas} replicas"
    say(f"kill: {killed} is killed without warning and stays down for {seconds:.0f} s")
    say(f"expect the alert {name} ({alert.severity}) {faults.KILL_EXPECTED}")
    with Wake() as wake:
        began, seen = time.monotonic(), set[str]()

        def follow(until: Callable[[], bool]) -> None:
            while not wake.stop and not until():
                wake.wait(5.0)
                serving = next((process for process in stack.status().processes if process.name == "serving"), None)
                detail = serving.detail if serving else "not there"
                seen.add(state := alert_state(prometheus, name))
                say(f"{time.monotonic() - began:4.0f} s  serving: {detail}; {name} {state}")

        if isinstance(stack, Compose):
            stack.kill(seconds, lambda wait: follow(lambda: time.monotonic() - began > wait))
        elif isinstance(stack, Native):
            stack.kill(seconds)
            follow(lambda: time.monotonic() - began > seconds)
        follow(lambda: _serves(stack) or time.monotonic() - began > seconds + 60)
    say(f"done; {came_of(name, seen, 'the service was back too soon')}")


def came_of(name: str, seen: Collection[str], otherwise: str, windows: Sequence[str] = ()) -> str:
    """What became of an alert, by the states in which it was seen, and why it may have stayed silent."""
    if FIRES in seen:
        passed = " and ".join(filter(None, [", ".join(windows[:-1]), *windows[-1:]]))
        of = f": those of {passed}" if windows else ""
        return f"{name} fired, and resolves by itself once its windows have passed{of}"
    if set(seen) <= {UNKNOWN}:
        return f"whether {name} fired is not known: Prometheus does not answer"
    return f"{name} did not fire{', though it was pending' if PENDING in seen else ''}: {otherwise}"


def alert_state(prometheus: str, name: str) -> str:
    """What Prometheus says of an alert now, in a few words."""
    query = quote(f'ALERTS{{alertname="{name}"}}')
    try:
        found = _get(f"{prometheus}/api/v1/query?query={query}")["data"]["result"]
    except (StackError, KeyError, TypeError):
        return UNKNOWN
    states = {series["metric"]["alertstate"] for series in found}
    return FIRES if "firing" in states else PENDING if states else SILENT


def alerts_now(prometheus: str) -> dict[str, str]:
    """Every alert that is pending or fires, by name, but the one that always does."""
    states: dict[str, set[str]] = {}
    for series in _found(prometheus, f'ALERTS{{alertname!="{WATCHDOG.name}"}}'):
        states.setdefault(series["metric"]["alertname"], set()).add(series["metric"]["alertstate"])
    return {name: FIRES if "firing" in found else PENDING for name, found in sorted(states.items())}


def counted(prometheus: str, query: str) -> str:
    """What a query that gives one number gives now, or a question mark."""
    found = _found(prometheus, query)
    return f"{float(found[0]['value'][1]):.0f}" if found else "?"


def _found(prometheus: str, query: str) -> list[Any]:
    try:
        found: list[Any] = _get(f"{prometheus}/api/v1/query?query={quote(query)}")["data"]["result"]
    except (StackError, KeyError, TypeError):
        return []
    return found


def about_what(prometheus: str, name: str, label: str) -> str:
    """What an alert that is pending or fires is about, by one of its labels."""
    query = quote(f'ALERTS{{alertname="{name}"}}')
    try:
        found = _get(f"{prometheus}/api/v1/query?query={query}")["data"]["result"]
    except (StackError, KeyError, TypeError):
        return ""
    told = sorted({str(series["metric"].get(label, "")) for series in found} - {""})
    return f" for {', '.join(told)}" if told else ""


def _serves(stack: Mode) -> bool:
    return any(process.name == "serving" and process.healthy for process in stack.status().processes)


def _wait_ready(url: str, wake: Wake, tell: Callable[[str], None]) -> None:
    while not wake.stop and (problem := health.answers(f"{url}/readyz")):
        tell(problem)
        wake.wait(0.5)


def _get(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise StackError(f"no answer on {url}: {error}", "servewatch status") from None
