"""Fixtures for services in several processes: they are started as a user does, and watched from outside."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

ROWS = b"[[1,2,3]]"
JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}


class Served:
    """`servewatch serve`, as a process."""

    def __init__(self, folder: Path, ports: tuple[int, int], target: str, *flags: str, **options: str) -> None:
        self.folder, (self.port, self.metrics_port) = folder, ports
        command = [sys.executable, "-m", "servewatch", "serve", target]
        command += ["--port", str(self.port), "--metrics-port", str(self.metrics_port), *flags]
        environment = {**os.environ, "SERVEWATCH_HOME": str(folder), "SERVEWATCH_DRAIN_DELAY": "0.3", **options}
        self.log = (folder / f"log-{self.port}").open("w+")
        self.popen = subprocess.Popen(command, cwd=folder, env=environment, stdout=self.log, stderr=self.log)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def post(self, path: str, body: bytes = ROWS, **headers: str) -> tuple[int, bytes]:
        return self.ask("POST", path, body, **(headers or JSON))

    def ready(self) -> bool:
        return self.status("/readyz") == 200

    def status(self, path: str) -> int:
        try:
            return self.ask("GET", path)[0]
        except OSError:
            return 0

    def page(self, port: int = 0, accept: str = "") -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.metrics_port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics", headers={"accept": accept})
            return connection.getresponse().read().decode()

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name with these labels."""
        return self.total(self.page(), name, **labels)

    @staticmethod
    def total(page: str, name: str, **labels: str) -> float:
        """The same, of a page that was read before."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def processes(self) -> list[int]:
        """Every process that it started."""
        return descendants(self.popen.pid)

    def children(self, role: str) -> list[int]:
        """Process numbers, by what they hold: of its children only workers have the service's socket."""
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        door = {f"socket:[{line[9]}]" for line in lines if line[1].endswith(f":{self.port:04X}") and line[3] == "0A"}
        found = []
        for pid in self.processes():
            with contextlib.suppress(OSError):  # it may end, or close a file, while it is looked at
                if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text():
                    has = any(held(link) in door for link in Path(f"/proc/{pid}/fd").iterdir())
                    found += [pid] if has == (role == "worker") else []
        return found

    def end(self, seconds: float = 15) -> tuple[int, str]:
        """Its exit code, and what it and its children said."""
        code = self.popen.wait(seconds)
        self.log.seek(0)
        return code, self.log.read()


def held(link: Path) -> str:
    """What a process holds by this number; nothing once it has let go of it."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


def descendants(pid: int) -> list[int]:
    """The processes that it started, that live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return sorted(found)


class Load:
    """Clients on kept connections, and a book of what they were answered."""

    def __init__(self, port: int, path: str, clients: int) -> None:
        self.port, self.path = port, path
        self.codes: Counter[Any] = Counter()
        self.wrong: list[bytes] = []
        self.slowest = 0.0
        self.last_trouble = 0.0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        while not self._stop.is_set():
            begun = time.monotonic()
            code, content = self._ask(connection)
            with self._lock:
                self.codes[code] += 1
                self.slowest = max(self.slowest, time.monotonic() - begun)
                if code != 200:
                    self.last_trouble = time.monotonic()
                if code == 200 and content != b"[[2.0,4.0,6.0]]":
                    self.wrong.append(content)
            if code == "refused":
                break
            if code != 200:
                self._stop.wait(0.02)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> tuple[Any, bytes]:
        try:
            if connection.sock is None:
                connection.connect()
        except ConnectionError:
            return "refused", b""
        try:
            connection.request("POST", self.path, ROWS, JSON)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (ConnectionError, http.client.HTTPException):
            connection.close()
            return "cut", b""
        except TimeoutError:
            return "hung", b""

    def stop(self) -> Counter[Any]:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=20)
        return self.codes


@pytest.fixture(scope="session")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """`launch("--workers", "2")` serves the module beside this one; it is killed with the tests."""
    folder = tmp_path_factory.mktemp("fleet")
    shutil.copy(Path(__file__).parent / "fleet_service.py", folder)
    running: list[Served] = []

    def start(*flags: str, target: str = "fleet_service:Fleet", source: str = "", **options: str) -> Served:
        if source:
            (folder / f"{target.partition(':')[0]}.py").write_text(source)
        served = Served(folder, (_free(), _free()), target, *flags, **options)
        running.append(served)
        return served

    yield start
    for served in running:
        if served.popen.poll() is None:
            served.popen.send_signal(signal.SIGKILL)
        served.popen.wait(10)
        served.log.close()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def fleet(launch: Callable[..., Served]) -> Served:
    """Two workers and one runner, for tests that leave them as they are."""
    return up(launch("--workers", "2", "--runners", "1"), 2)


def up(served: Served, workers: int) -> Served:
    """Wait until all its workers are ready."""
    deadline, pause = time.monotonic() + 30, threading.Event()
    answered: set[bytes] = set()
    while len(answered) < workers:
        if time.monotonic() > deadline or served.popen.poll() is not None:
            pytest.fail(f"not up: {served.end(1) if served.popen.poll() is not None else answered}")
        pause.wait(0.02)
        with contextlib.suppress(OSError):
            if served.ready():
                code, pid = served.post("/pid", b"x", **TEXT)
                answered |= {pid} if code == 200 else set()
    return served


@pytest.fixture
def load() -> Iterator[Callable[..., Load]]:
    """`load(served, path, clients)` sends requests until it is stopped."""
    running: list[Load] = []

    def start(served: Served, path: str = "/predict", clients: int = 16) -> Load:
        running.append(one := Load(served.port, path, clients))
        return one

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def whole(launch: Callable[..., Served]) -> Iterator[Callable[..., Served]]:
    """`whole(workers, runners)` gives processes of the test's own, all of them up; they end with it."""
    running: list[Served] = []

    def start(workers: int = 2, runners: int = 1, **options: str) -> Served:
        running.append(launch("--workers", str(workers), "--runners", str(runners), **options))
        return up(running[-1], workers)

    yield start
    for served in running:
        if served.popen.poll() is None:
            served.popen.kill()
        served.popen.wait(10)
