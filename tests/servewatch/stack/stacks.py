"""Small stacks for tests: a supervisor in a process of its own, over tiny programs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from servewatch.stack import processes, state
from servewatch.stack.errors import StartFailed
from servewatch.stack.program import Program
from servewatch.stack.supervisor import Supervisor, this_process
from servewatch.stack.wake import Wake

T = TypeVar("T")
PYTHON = sys.executable
PAUSE = "import signal; signal.pause()"
WITH_GRANDCHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {PAUSE!r}]); {PAUSE}"


def wait_for(found: Callable[[], T | None], seconds: float = 15.0) -> T:
    """Ask again and again until there is an answer that counts; fail after so long."""
    until, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < until:
        answer = found()
        if answer:
            return answer
        pause.wait(0.02)
    raise AssertionError(f"not so within {seconds} s: {found}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
    return port


def http_program(name: str, port: int, **more: Any) -> dict[str, Any]:
    """A tiny web server as a program of the stack."""
    url = f"http://127.0.0.1:{port}/"
    argv = [PYTHON, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    return {"name": name, "argv": argv, "url": url, "health": url, "stop_seconds": 5.0, **more}


def quiet_program(name: str, code: str = PAUSE, **more: Any) -> dict[str, Any]:
    """A program that only runs some code."""
    return {"name": name, "argv": [PYTHON, "-c", code], "stop_seconds": 5.0, **more}


@contextlib.contextmanager
def supervised(folder: Path, programs: list[dict[str, Any]]) -> Iterator[subprocess.Popen[str]]:
    """A supervisor over these programs, in a process of its own; whatever is left at the end is killed."""
    command = [PYTHON, __file__, str(folder), json.dumps(programs)]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            yield running
        finally:
            running.kill()
            for process in stamped(folder):
                processes.send(process, signal.SIGKILL)


def stamped(folder: Path) -> list[processes.Identity]:
    """Every process that belongs to the stack in this folder."""
    return processes.stamped(_stamp(folder))


def running(folder: Path) -> state.StackRecord:
    """The record of the stack, once all of it runs."""

    def found() -> state.StackRecord | None:
        record = state.read(folder)
        return record if record is not None and record.phase == "running" else None

    return wait_for(found)


def child(folder: Path, name: str) -> processes.Identity:
    """The process that runs a program of the stack, once it is healthy."""

    def found() -> processes.Identity | None:
        record = state.read(folder)
        process = record.find(name) if record is not None else None
        return process.process if process is not None and process.healthy else None

    return wait_for(found)


def _stamp(folder: Path) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, str(folder)).hex


def main(folder: Path, programs: list[dict[str, Any]]) -> None:
    """Supervise these programs until told to stop."""
    record = state.StackRecord("native", "starting", _stamp(folder), this_process(), "small:Service")
    environment = {**os.environ, processes.STAMP: record.stamp}
    shown = [Program(**{**program, "argv": tuple(program["argv"])}) for program in programs]
    with Wake(children=True) as wake, state.only_one(folder):
        try:
            Supervisor(shown, folder, record, environment, lambda text: print(text, flush=True)).run(
                wake, lambda seconds: print("ready", flush=True)
            )
        except StartFailed as error:
            sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
