"""`servewatch demo`: traffic for a running stack, and faults that make each alert fire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from servewatch.cli.stack import home_option, resolve_home, say

if TYPE_CHECKING:
    from alerts.windows import Windows
    from servewatch.stack.mode import StackStatus

KINDS = ("blur", "noise", "rotate", "brightness", "prior", "invert")
URL = click.option("--url", default=None, help="The service.  [default: that of the stack that runs]")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def demo() -> None:
    """Move the panels of a running stack, and make each of its alerts fire."""


@demo.command()
@URL
@home_option
@click.option("--rate", default=30.0, show_default=True, type=click.FloatRange(0.1, 500), help="Requests per second.")
@click.option("--seconds", default=None, type=float, help="End after so long.  [default: at Ctrl-C]")
@click.option("--report", default=None, type=click.Path(dir_okay=False, path_type=Path), help="Write how it goes here.")
def traffic(url: str | None, home: Path | None, rate: float, seconds: float | None, report: Path | None) -> None:
    """Send pictures to the demo service, in a gentle wave with short bursts."""
    from servewatch.traffic.demo import send_traffic

    send_traffic(_service(url, home), resolve_home(home), rate, seconds, report, say)


def _fault(name: str, help: str) -> Callable[..., Any]:
    @demo.command(name, help=help)
    @URL
    @home_option
    @click.option("--seconds", default=None, type=click.FloatRange(1, 3600), help="For how long.")
    def command(url: str | None, home: Path | None, seconds: float | None) -> None:
        from servewatch.traffic.demo import cause
        from servewatch.traffic.faults import BY_NAME

        with _noted(home, name):
            cause(BY_NAME[name], _service(url, home), resolve_home(home), seconds, prometheus_url(home), say)

    return command


@contextmanager
def _noted(home: Path | None, name: str) -> Iterator[None]:
    from servewatch.traffic.current import noted

    with noted(resolve_home(home) / "stack", name):
        yield


def _loop(name: str, help: str) -> Callable[..., Any]:
    @demo.command(name, help=help)
    @home_option
    @click.option("--seconds", default=None, type=click.FloatRange(1, 3600), help="For how long.")
    def command(home: Path | None, seconds: float | None) -> None:
        from servewatch.traffic.again import CRASH, LEAK, follow_deaths

        loop = {loop.name: loop for loop in (CRASH, LEAK)}[name]
        with _noted(home, name):
            follow_deaths(loop, _service(None, home), resolve_home(home), seconds, prometheus_url(home), say)

    return command


errors = _fault("errors", "A third of the requests fail: RequestErrorsHigh fires.")
slow = _fault("slow", "Every batch takes 0.8 s longer: RequestLatencyHigh fires.")
overload = _fault("overload", "More rows than the runner's queue holds: QueueFull fires.")
crash = _loop("crash", "The service of a native stack dies each minute: RunnerRestarting fires.")
leak = _loop("leak", "It fills its memory each minute, and is killed for it: RunnerRestarting fires.")


@demo.command("slow-clients")
@URL
@home_option
@click.option("--seconds", default=None, type=click.FloatRange(1, 3600), help="For how long.")
def slow_clients(url: str | None, home: Path | None, seconds: float | None) -> None:
    """Many clients send slowly and are cut off: they end with 499, and RequestLatencyHigh fires."""
    from servewatch.traffic.unnoticed import follow_flood

    with _noted(home, "slow-clients"):
        follow_flood(_service(url, home), resolve_home(home), seconds, prometheus_url(home), say)


@demo.command()
@home_option
@click.option("--seconds", default=None, type=click.FloatRange(1, 7200), help="For how long.")
def labels(home: Path | None, seconds: float | None) -> None:
    """The true classes stop coming, in a native stack: no alert tells of it."""
    from servewatch.traffic.unnoticed import follow_labels

    with _noted(home, "labels"):
        follow_labels(resolve_home(home), seconds, prometheus_url(home), say)


@demo.command()
@URL
@home_option
@click.option("--kind", default="blur", show_default=True, type=click.Choice(KINDS), help="How the pictures change.")
@click.option("--seconds", default=None, type=click.FloatRange(1, 7200), help="For how long.")
def drift(url: str | None, home: Path | None, kind: str, seconds: float | None) -> None:
    """The pictures change, and nothing fails: DataDrift fires, or PredictionDrift where only the classes' shares do."""
    from servewatch.traffic import pictures
    from servewatch.traffic.demo import cause
    from servewatch.traffic.drift import CHANGES

    fault = CHANGES[kind].fault(pictures.labels(resolve_home(home)), _windows(home))
    with _noted(home, "drift"):
        cause(fault, _service(url, home), resolve_home(home), seconds, prometheus_url(home), say)


@demo.command()
@home_option
@click.option("--seconds", default=None, type=click.FloatRange(1, 3600), help="How long it stays down.")
def kill(home: Path | None, seconds: float | None) -> None:
    """Kill the service and keep it down for a while: ServiceDown fires, and resolves once it is back."""
    from servewatch.stack import hints
    from servewatch.stack.choose import running
    from servewatch.stack.errors import StackError
    from servewatch.stack.mode import Options
    from servewatch.traffic.demo import follow_kill

    stack = running(Options(resolve_home(home)), Path.cwd(), say)
    if stack is None:
        where = resolve_home(home)
        raise StackError(f"no stack runs under {hints.shown(where)}: nothing to kill", hints.command("up", where))
    with _noted(home, "kill"):
        follow_kill(stack, seconds, prometheus_url(home), say)


@demo.command()
@click.argument("process", required=False, type=click.Choice(["alertmanager", "prometheus"]))
@home_option
@click.option("--seconds", default=None, type=click.FloatRange(1, 3600), help="How long it stays down.")
def stop(process: str | None, home: Path | None, seconds: float | None) -> None:
    """End the faults that are being caused; or, with a name, stop a part of a native stack for a while.

    AlertsUnsent tells of an Alertmanager that is away, and nothing of Prometheus. What is held down already comes back
    at its own time.
    """
    from servewatch.traffic.current import end_all
    from servewatch.traffic.stop import follow_stop

    if process is None:
        ended = end_all(resolve_home(home) / "stack")
        say(f"ended: {', '.join(ended)}" if ended else "no fault is being caused")
        return
    with _noted(home, f"stop {process}"):
        follow_stop(process, resolve_home(home) / "stack", seconds, prometheus_url(home), say)


def _service(url: str | None, home: Path | None) -> str:
    return url or _recorded("serving", home) or "http://127.0.0.1:3000"


def prometheus_url(home: Path | None) -> str:
    """Where the stack's Prometheus is, or where it would be."""
    return _recorded("prometheus", home) or "http://127.0.0.1:9090"


def _recorded(name: str, home: Path | None) -> str:
    status = _status(home)
    found = status.processes if status is not None else ()
    return next((process.url for process in found if process.name == name), "")


def _windows(home: Path | None) -> Windows:
    """Over which drift is scored there: a stack that runs has the demo's own."""
    from servewatch.windows import chosen

    return chosen(demo=_status(home) is not None)


def _status(home: Path | None) -> StackStatus | None:
    from servewatch.stack.choose import running
    from servewatch.stack.mode import Options

    stack = running(Options(resolve_home(home)), Path.cwd(), say)
    return stack.status() if stack is not None else None
