"""Which processes a native stack has: their commands, addresses and health, from the options alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace

from servewatch import windows
from servewatch.stack import config, hints
from servewatch.stack.mode import Options
from servewatch.stack.ports import Ports
from servewatch.stack.program import Program
from serving.settings import inherited_environment

PORTS = ("service", "metrics", "prometheus", "alertmanager", "receiver", "console")
"""The ports that native mode needs."""

OWN_PORTS = ("service", "metrics")
"""Those of them that only a service of ours needs."""

DRAIN = 30.0
"""Seconds that the service gets to answer what it accepted: more than its own limit."""


def programs(options: Options, tools: Mapping[str, str]) -> list[Program]:
    """Every process of the stack, in the order of the contract."""
    own = [_serving(options)] if options.serve else []
    found = [*own, *_watchers(options, tools), _receiver(options), _console(options)]
    return [*found, _traffic(options)] if sends_traffic(options) else found


def needed(options: Options) -> tuple[str, ...]:
    """The ports that a stack with these options needs."""
    return tuple(name for name in PORTS if options.serve or name not in OWN_PORTS)


def sends_traffic(options: Options) -> bool:
    """Whether demo traffic belongs to this stack: its images mean something to the demo service only."""
    return options.traffic and options.demo


def addresses(options: Options) -> list[tuple[str, str, str]]:
    """Name, address and what is found there, for the table that `up` prints."""
    ports = options.ports
    own = [
        ("serving", ports.url("service", "/docs"), "the service: try it here"),
        ("metrics", ports.url("metrics", "/metrics"), "what the service measures"),
    ]
    return [
        ("console", ports.url("console"), "dashboards, alerts"),
        *(own if options.serve else []),
        *((target.service, target.url, f"watched: {target.adapter.server}") for target in options.targets),
        ("prometheus", ports.url("prometheus"), "series, rules, targets"),
        ("alertmanager", ports.url("alertmanager"), "alerts, silences"),
        ("receiver", ports.url("receiver"), "notifications that came"),
    ]


def notes(options: Options) -> list[str]:
    """What somebody who starts this stack should know."""
    if not options.serve:
        return []
    if sends_traffic(options):
        kinds = hints.command("demo errors|slow|overload|drift|kill", options.home)
        return [f"demo traffic runs; to see an alert fire: {kinds}"]
    if options.traffic:
        return [f"traffic is off: it is made for the demo service, and this is {options.service}"]
    more = f"; to send some: {hints.command('demo traffic', options.home)}" if options.demo else ""
    return [f"traffic is off, as you asked{more}"]


def arguments(options: Options) -> list[str]:
    """The command line that means these options, for the supervisor of a detached stack."""
    ports = [f"{Ports.flag(name)}={getattr(options.ports, name)}" for name in PORTS]
    silent = [] if options.traffic else ["--no-traffic"]
    detach = ["--detach"] if options.detach else []
    watched = [f"--target={target}" for target in options.targets]
    served = [f"--service={options.service}"] if options.serve else ["--no-service"]
    return ["up", "--native", f"--home={options.home}", *served, *watched, *ports, *silent, *detach]


def asked(options: Options) -> tuple[str, ...]:
    """What tells one stack from another in the same home, whatever its ports."""
    return tuple(arguments(replace(options, ports=Ports(), traffic=True, detach=False)))


def differs(options: Options, there: Iterable[str], ports: Ports) -> str:
    """How what is asked for is not the stack that is there, in words of the command line; nothing where it is.

    A port as usual is none that was asked for.
    """
    wanted, has = asked(options), tuple(there)
    accepted = {name: (getattr(Ports(), name), getattr(ports, name)) for name in PORTS}
    given = {name: getattr(options.ports, name) for name in PORTS}
    moved = [f"{Ports.flag(name)}={port}" for name, port in given.items() if port not in accepted[name]]
    more = [*(word for word in wanted if word not in has), *moved]
    less = [word for word in has if word not in wanted]
    told = [f"{' '.join(more)} asked for" if more else "", f"it has {' '.join(less)}" if less else ""]
    return ", ".join(filter(None, told))


def _servewatch(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "servewatch", *words)


def _serving(options: Options) -> Program:
    ports = options.ports
    flags = (f"--port={ports.service}", f"--metrics-port={ports.metrics}")
    return Program(
        name="serving",
        argv=_servewatch("serve", options.service, *flags),
        url=ports.url("service"),
        health=ports.url("service", "/readyz"),
        environment={"SERVEWATCH_HOME": str(options.home), "SERVEWATCH_FAULTS": _faults()},
        stage=1,
        stop_seconds=DRAIN,
    )


def _faults() -> str:
    """Drills need them; whoever says otherwise is obeyed."""
    return inherited_environment().get("SERVEWATCH_FAULTS") or "1"


def _watchers(options: Options, tools: Mapping[str, str]) -> list[Program]:
    folder, ports = options.folder, options.ports
    return [
        Program(
            name="prometheus",
            argv=config.prometheus_argv(tools["prometheus"], folder, ports),
            url=ports.url("prometheus"),
            health=ports.url("prometheus", "/-/ready"),
            stage=2,
        ),
        Program(
            name="alertmanager",
            argv=config.alertmanager_argv(tools["alertmanager"], folder, ports),
            url=ports.url("alertmanager"),
            health=ports.url("alertmanager", "/-/ready"),
            stage=2,
        ),
    ]


def _receiver(options: Options) -> Program:
    ports, file = options.ports, options.folder / "data" / "notifications.jsonl"
    return Program(
        name="receiver",
        argv=_servewatch("receiver", f"--port={ports.receiver}", f"--file={file}", f"--console={ports.url('console')}"),
        url=ports.url("receiver"),
        health=ports.url("receiver", "/healthz"),
        stage=2,
    )


def _console(options: Options) -> Program:
    ports = options.ports
    sources = [f"--{name}={ports.url(name)}" for name in ("prometheus", "alertmanager", "receiver")]
    if (boards := options.own / "dashboards").is_dir():
        sources.append(f"--dashboards={boards}")
    found = windows.chosen(demo=options.demo)
    return Program(
        name="console",
        environment={"SERVEWATCH_DRIFT_STEP": found.step, "SERVEWATCH_DRIFT_WINDOWS": " ".join(found.windows)},
        argv=_servewatch("console", f"--port={ports.console}", f"--home={options.home}", *sources),
        url=ports.url("console"),
        health=ports.url("console", "/healthz"),
        stage=2,
    )


def _traffic(options: Options) -> Program:
    report = options.folder / "traffic.json"
    url = options.ports.url("service")
    return Program(
        name="traffic",
        argv=_servewatch("demo", "traffic", f"--url={url}", f"--report={report}"),
        heartbeat=report,
        environment={"SERVEWATCH_HOME": str(options.home)},
        stage=0,
        stop_seconds=5.0,
    )
