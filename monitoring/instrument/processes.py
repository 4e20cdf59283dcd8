"""Several processes of one app: each keeps its counts in a folder that all share, and any of them shows the sum.

What a page has shown was in a file before, and a file's counts only grow: whoever answers, no sum goes down. A process
that has ended is known by its lock, which the kernel lets go; what it counted is added to one total, once.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from prometheus_client.registry import CollectorRegistry

from monitoring.beside import beside
from monitoring.merge import Exemplar, Family, Sample, Snapshot, lasting, merge, read, snapshot

INTERVAL = 1.0
"""Seconds between two writings: what a process that is killed may take with it."""

_SHARE = 50
"""At most one part in so many of the time is spent on writing."""

ENDED = "ended.json"


class Shared:
    """The counts of one process among those of its folder. It begins with the process's first request."""

    def __init__(self, folder: Path, registry: CollectorRegistry) -> None:
        self._folder, self._registry = folder, registry
        self._process = 0
        self._file = folder
        self._living: IO[str] | None = None
        self._turn = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def begin(self) -> None:
        """Take part, once in each process: one that was forked is another."""
        if self._process == os.getpid():
            return
        with self._turn:
            if self._process == os.getpid():
                return
            self._process = os.getpid()
            name = f"{self._process}-{uuid.uuid4().hex}"
            with self._alone():
                if not any(self._lives(path) for path in self._folder.glob("*.lock")):
                    self._forget()
                self._living = (self._folder / f"{name}.lock").open("w")
                fcntl.flock(self._living, fcntl.LOCK_EX)
                self._file = self._folder / f"{name}.json"
                self._write()
        threading.Thread(target=self._keep, name="shared-metrics", daemon=True).start()

    def pages(self) -> list[Snapshot]:
        """All that has to be added up: of this process as of now, of the others, of all that ended."""
        self.begin()
        with self._turn, self._alone():
            self._write()
            self._fold()
            found = [_read(path) for path in sorted(self._folder.glob("*-*.json"))]
            return [_read(self._folder / ENDED), *found, self._together()]

    def _keep(self) -> None:
        process, pause = self._process, threading.Event()
        while process == os.getpid():
            start = time.monotonic()
            with self._turn, contextlib.suppress(OSError):  # a full disk, or a folder that was taken away
                self._write()
            pause.wait(max(INTERVAL, _SHARE * (time.monotonic() - start)))

    def _write(self) -> None:
        shown = beside(self._registry)
        with shown.alone() if shown is not None else contextlib.nullcontext():
            page = snapshot(self._registry)
        _replace(self._file, {"page": page})

    def _together(self) -> Snapshot:
        """What is the same in each process, and would be too much if it were added up."""
        shown = beside(self._registry)
        return read(shown.together()) if shown is not None else ()

    def _fold(self) -> None:
        """Add what ended processes counted to the total; one that is in it already is not added again."""
        gone = [path for path in self._folder.glob("*.lock") if not self._lives(path)]
        if not gone:
            return
        total, known = _read(self._folder / ENDED), set(_load(self._folder / ENDED).get("names", ()))
        fresh = [path.with_suffix(".json") for path in gone if path.stem not in known]
        total = merge([total, *(lasting(_read(path)) for path in fresh)])
        _replace(self._folder / ENDED, {"page": total, "names": [path.stem for path in gone]})
        for path in gone:
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def _lives(self, lock: Path) -> bool:
        if self._living is not None and lock.name == Path(self._living.name).name:
            return True
        with contextlib.suppress(FileNotFoundError), lock.open() as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def _forget(self) -> None:
        """Nobody of an earlier run lives: counts begin anew, as those of any service that was started again."""
        for path in [*self._folder.glob("*.lock"), *self._folder.glob("*-*.json"), self._folder / ENDED]:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / "turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield


def _replace(path: Path, document: dict[str, Any]) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(document))
    beside.replace(path)


def _load(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _read(path: Path) -> Snapshot:
    return tuple(_family(*found) for found in _load(path).get("page", ()))


def _family(name: str, kind: str, help: str, unit: str, add: Any, samples: list[Any]) -> Family:
    return Family(name, kind, help, unit, add, tuple(_sample(*sample) for sample in samples))


def _sample(name: str, labels: list[list[str]], value: float, exemplar: list[Any] | None) -> Sample:
    shown = None
    if exemplar is not None:
        shown = Exemplar(_labels(exemplar[0]), exemplar[1], exemplar[2])
    return Sample(name, _labels(labels), value, shown)


def _labels(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs)
