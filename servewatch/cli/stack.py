"""`servewatch up`, `down` and `status`: the whole stack."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from servewatch.stack.mode import DEMO, Options, StackStatus
from servewatch.stack.ports import Ports
from serving.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

PORT = click.IntRange(1, 65535)


def say(text: str) -> None:
    """Print a line; a terminal that has gone is no reason to end the stack."""
    with contextlib.suppress(OSError):
        click.echo(text)


def home_option(command: F) -> F:
    """The folder of the store and of the stack's state, for every command that deals with the stack."""
    help = "Folder of the store and of the stack's state.  [default: $SERVEWATCH_HOME or ~/.servewatch]"
    option = click.option("--home", type=click.Path(file_okay=False, path_type=Path), default=None, help=help)
    return option(command)


def _port_options(command: F) -> F:
    for name in reversed(Ports.__dataclass_fields__):
        default = Ports.__dataclass_fields__[name].default
        help = f"Port of {name}."
        option = click.option(
            Ports.flag(name), f"port_{name}", type=PORT, default=default, show_default=True, help=help
        )
        command = option(command)
    return command


@click.command()
@click.option("--native", "mode", flag_value="native", help="As processes of this machine.")
@click.option("--compose", "mode", flag_value="compose", help="In containers, as docker-compose.yml says.")
@click.option("--detach", is_flag=True, help="Return once everything is healthy.")
@click.option("--no-traffic", is_flag=True, help="Send no demo traffic.")
@click.option("--service", default=DEMO, show_default=True, metavar="MODULE:NAME", help="The service to run.")
@click.option("--no-service", is_flag=True, help="Start no service: watch what --target names, and nothing else.")
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="KIND=HOST:PORT[/PATH][,service=NAME]",
    help="Watch a server that is not ours, like bentoml=127.0.0.1:3000 (alerts/ADAPTERS.md). May be repeated.",
)
@click.option("--free-ports", is_flag=True, help="Take another port where one is taken, instead of refusing.")
@_port_options
@home_option
def up(
    mode: str | None,
    detach: bool,
    no_traffic: bool,
    service: str,
    no_service: bool,
    targets: tuple[str, ...],
    free_ports: bool,
    home: Path | None,
    **chosen: int,
) -> None:
    """Bring up the whole stack: a service, Prometheus, Alertmanager, dashboards, notifications, traffic.

    Without --native or --compose: containers where an engine answers and the folder has a docker-compose.yml,
    else processes of this machine, as is a service of your own: --compose makes an image of it first.
    Where this stack runs already, it reads its configuration again: channels of notifications, rules, targets;
    the service runs on.
    """
    from servewatch.stack.choose import choose
    from servewatch.stack.targets import parse

    if no_service and not targets:
        raise click.UsageError("--no-service leaves nothing to watch: name a server with --target KIND=HOST:PORT")
    ports = Ports(**{name.removeprefix("port_"): port for name, port in chosen.items()})
    watched = tuple(map(parse, targets))
    named = "" if no_service else service
    options = Options(resolve_home(home), named, not no_traffic, ports, detach, watched, free_ports)
    sys.exit(choose(mode, options, Path.cwd(), say).up())


@click.command()
@home_option
def down(home: Path | None) -> None:
    """Take the stack down: requests that were accepted are answered, then every process ends."""
    from servewatch.stack import hints
    from servewatch.stack.choose import running, started

    options = Options(resolve_home(home))
    stack = started(options, say)
    if stack is not None and stack.down():
        say("the stack is down")
    elif running(options, Path.cwd(), say) is not None:
        say(f"{hints.nothing(options.home)}; the containers of this folder: docker compose down")
    else:
        say(hints.nothing(options.home))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@home_option
def status(as_json: bool, home: Path | None) -> None:
    """Show what runs, where, and whether it is healthy; exit code 1 if something is not, or nothing runs."""
    from servewatch.stack.choose import running

    options = Options(resolve_home(home))
    stack = running(options, Path.cwd(), say)
    found = stack.status() if stack is not None else StackStatus(None)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        _show(found, options.home)
    sys.exit(0 if found.healthy else 1)


def _show(found: StackStatus, home: Path) -> None:
    from servewatch.stack import hints

    if not found.processes:
        say(found.note or f"{hints.nothing(home)}; {hints.command('up', home)} starts a stack")
        return
    say(f"mode {found.mode}{f': {found.note}' if found.note else ''}")
    for process in found.processes:
        mark = click.style("healthy  ", fg="green") if process.healthy else click.style("unhealthy", fg="red")
        say(f"  {process.name:13} {mark} {process.url or '-':22} {process.detail}")
        if process.advice:
            say(f"  {'':13} what to do: {process.advice}")
    for problem in found.problems:
        say(f"{click.style('monitoring is blind', fg='red')}: {problem}")
    say("processes and their logs")
    for process in found.processes:
        say(f"  {process.name:13} {f'process {process.pid:<8} ' if process.pid else ''}{process.log}")


def resolve_home(given: Path | None) -> Path:
    """The folder that was given, else that of the settings."""
    return Settings.load(home=given.absolute() if given else None).home.absolute()
