"""What every mode of the stack offers, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from servewatch.stack.ports import Ports
from servewatch.stack.targets import Target

DEMO = "examples.fashion.service:Fashion"
"""The service of a stack where none is named."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `servewatch up` was asked for."""

    home: Path
    service: str = DEMO
    traffic: bool = True
    ports: Ports = field(default_factory=Ports)
    detach: bool = False
    targets: tuple[Target, ...] = ()
    """Servers that are not ours and are watched as well."""
    free_ports: bool = False
    """Whether a port that is taken is replaced by one that is free, instead of refused."""

    @property
    def folder(self) -> Path:
        """Where the stack keeps its state, configuration, data and logs."""
        return self.home / "stack"

    @property
    def own(self) -> Path:
        """Where the files are that are generated of the service's own metrics, if it declares any."""
        return self.folder / "own"

    @property
    def serve(self) -> bool:
        """Whether a service of ours is started, and not only those of others watched."""
        return bool(self.service)

    @property
    def demo(self) -> bool:
        """Whether the service is the one that the demo traffic is made for."""
        return self.service == DEMO


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process of the stack, as `servewatch status` shows it; `log` is its file, or the command that shows it."""

    name: str
    url: str
    healthy: bool
    detail: str
    log: str = ""
    pid: int | None = None
    advice: str = ""
    """What to do, where it is not healthy."""


@dataclass(frozen=True, slots=True)
class StackStatus:
    """The whole stack; no mode means that nothing runs."""

    mode: str | None
    processes: tuple[ProcessStatus, ...] = ()
    note: str = ""
    problems: tuple[str, ...] = ()
    """What is wrong although each process answers: nobody would be told of a fault."""

    @property
    def healthy(self) -> bool:
        """Whether something runs and all of it is well."""
        return bool(self.processes) and not self.problems and all(process.healthy for process in self.processes)

    def to_json(self) -> dict[str, Any]:
        """The contract of `servewatch status --json`."""
        keys = ("name", "url", "healthy", "detail", "log", "pid", "advice")
        shown = [{key: getattr(process, key) for key in keys} for process in self.processes]
        return {"mode": self.mode, "processes": shown, "problems": list(self.problems)}


class Mode(Protocol):
    """One way to run the stack."""

    name: str

    def up(self) -> int:
        """Bring it up and stay until it is taken down, or return once it is healthy where asked to detach."""
        ...

    def down(self) -> bool:
        """Take it down; False where nothing ran."""
        ...

    def status(self) -> StackStatus:
        """What runs now."""
        ...
