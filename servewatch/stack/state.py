"""What the supervisor writes down for `status`, `down` and `demo`, in files of the stack's folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from servewatch.stack import hints
from servewatch.stack.errors import StackRunning
from servewatch.stack.processes import Identity, alive


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One process as the supervisor last saw it."""

    name: str
    url: str
    health: str
    heartbeat: str
    log: str
    process: Identity | None
    healthy: bool
    restarts: int
    detail: str


@dataclass(frozen=True, slots=True)
class StackRecord:
    """The stack as its supervisor last saw it."""

    mode: str
    phase: str
    stamp: str
    supervisor: Identity
    service: str = ""
    service_name: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    """What `up` was asked for besides ports: another `up` that asks for the same means this stack."""
    processes: tuple[ProcessRecord, ...] = field(default=())

    @property
    def supervised(self) -> bool:
        """Whether the supervisor that wrote this still runs."""
        return alive(self.supervisor)

    def find(self, name: str) -> ProcessRecord | None:
        """The record of a process, by its name."""
        return next((process for process in self.processes if process.name == name), None)


def state_path(folder: Path) -> Path:
    """Where the record is."""
    return folder / "state.json"


def write(folder: Path, record: StackRecord) -> None:
    """Write the record so that a reader sees either the old one or the new one, never half of it."""
    write_json(state_path(folder), asdict(record))


def read(folder: Path) -> StackRecord | None:
    """The record; None where there is none, or none that can be read."""
    try:
        data = json.loads(state_path(folder).read_text())
        processes = tuple(_process(process) for process in data.pop("processes"))
        return StackRecord(
            **{
                **data,
                "supervisor": Identity(**data["supervisor"]),
                "processes": processes,
                "asked": tuple(data.get("asked", ())),
            }
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def forget(folder: Path) -> None:
    """Remove the record: nothing runs any more. Where it cannot be, it names a supervisor that has gone."""
    with contextlib.suppress(OSError):
        state_path(folder).unlink(missing_ok=True)


def watched_before(folder: Path, services: Collection[str]) -> list[str]:
    """Note which services are watched; those that an earlier stack of this folder watched, and this one does not."""
    noted = folder / "data" / "services.json"
    try:
        before = {str(name) for name in json.loads(noted.read_text())}
    except (OSError, ValueError, TypeError):
        before = set()
    write_json(noted, sorted(before | set(services)))
    return sorted(before - set(services))


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the stack's folder: there is one supervisor at most, and the kernel lets go when it dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise already_running(read(folder), folder.parent) from None
        yield


def already_running(record: StackRecord | None, home: Path, differs: str = "") -> StackRunning:
    """The error for a second stack in the same home, which is not the same for what `differs`."""
    who = f" (process {record.supervisor.pid}, service {record.service})" if record else ""
    who += f", and is not what is asked for: {differs}" if differs else ""
    look, end = hints.command("status", home), hints.command("down", home)
    return StackRunning(f"a stack is running already{who}", f"{look} to see it, {end} to end it")


def ask_kill(folder: Path, name: str, seconds: float) -> None:
    """Leave the wish that a process be killed and stay down for so long; the supervisor obeys."""
    write_json(folder / "kill.json", {"process": name, "seconds": seconds})


def take_kill(folder: Path) -> tuple[str, float] | None:
    """The wish that was left, once."""
    path = folder / "kill.json"
    if not path.exists():
        return None
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        wish = json.loads(path.read_text())
        path.unlink()
        return str(wish["process"]), float(wish["seconds"])
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
    return None


def write_json(path: Path, data: Any) -> None:
    """Replace a JSON file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(data, indent=2) + "\n")
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _process(data: dict[str, Any]) -> ProcessRecord:
    known = data["process"]
    return ProcessRecord(**{**data, "process": Identity(**known) if known else None})
