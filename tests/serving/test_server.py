from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SERVICE = '''
import threading
from typing import Annotated
import numpy as np
from serving import NDArray, api, batched, service, use

Rows = Annotated[np.ndarray, NDArray("float32", ("N",))]

@service
class Slow:
    @batched(max_rows=4)
    def double(self, rows: np.ndarray) -> np.ndarray:
        threading.Event().wait(0.01)
        return rows * 2

    @api
    async def predict(self, rows: Rows) -> Rows:
        return await self.double(rows)

    @api
    async def block(self, text: str) -> str:
        """Blocks the event loop, as a service should not."""
        print("blocking", flush=True)
        threading.Event().wait(float(text))
        return "done"

    @api
    def hang(self, text: str) -> str:
        print("hanging", flush=True)
        threading.Event().wait()
        return "never"

@service
class Lost:
    model = use("flowers")

    @api
    def predict(self, text: str) -> str:
        return text

@service
class Broken:
    def __init__(self) -> None:
        raise RuntimeError("no licence")

    @api
    def predict(self, text: str) -> str:
        return text

@service
class Leaving(Slow):
    def __init__(self) -> None:
        raise SystemExit(7)

@service
class Loading(Slow):
    def __init__(self) -> None:
        print("loading", flush=True)
        threading.Event().wait()
'''


class Process:
    """`servewatch serve` in a process of its own."""

    def __init__(self, folder: Path, port: int, metrics_port: int, target: str, **options: str) -> None:
        command = [sys.executable, "-m", "servewatch", "serve", target]
        flags = ["--port", str(port), "--metrics-port", str(metrics_port)]
        environment = {**os.environ, "SERVEWATCH_HOME": str(folder), "SERVEWATCH_DRAIN_DELAY": "0.3", **options}
        self.port, self.metrics_port = port, metrics_port
        self.popen = subprocess.Popen(
            [*command, *flags], cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def kill(self) -> None:
        """Leave nothing of it."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.communicate(timeout=10)

    def end(self, seconds: float = 15) -> tuple[int, str]:
        """Its exit code and what it said on stderr."""
        _, said = self.popen.communicate(timeout=seconds)
        return self.popen.returncode, said


class Client:
    """Sends requests over keep-alive connections until the server is gone, and keeps book."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        self.port, self.stop = port, stop
        self.answered, self.lost = 0, 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.stop.is_set():
            try:
                connection.connect()
            except OSError:
                return
            while self._ask(connection) and not self.stop.is_set():
                pass
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        try:
            connection.request("POST", "/predict", b"[1]", {"content-type": "application/json"})
            answer = connection.getresponse()
            good = answer.status == 200 and answer.read() == b"[2.0]"
        except (OSError, http.client.HTTPException):
            good, answer = False, None
        self.answered += good
        self.lost += not good
        return good and answer is not None and not answer.will_close


@pytest.fixture
def run(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Callable[..., Process]]:
    """`run("Slow")` serves that class of the module above; it is killed with the test."""
    (tmp_path / "slow_service.py").write_text(SERVICE)
    running: list[Process] = []

    def start(name: str, port: int = 0, metrics_port: int = 0, **options: str) -> Process:
        process = Process(tmp_path, port or free_port(), metrics_port or free_port(), f"slow_service:{name}", **options)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()


@pytest.fixture
def slow(run: Callable[..., Process], eventually: Any) -> Process:
    process = run("Slow")
    eventually(lambda: process.status("/readyz") == 200, 20)
    return process


def test_a_stop_under_load_answers_every_request(run: Callable[..., Process], eventually: Any) -> None:
    """With 32 keep-alive clients: 503 on /readyz first, no request lost, exit code 0, nothing on stderr but news."""
    slow = run("Slow", SERVEWATCH_DRAIN_DELAY="1.5")  # so long a client of a busy machine may take for its next request
    eventually(lambda: slow.status("/readyz") == 200, 20)
    stop = threading.Event()
    clients = [Client(slow.port, stop) for _ in range(32)]
    eventually(lambda: all(client.answered >= 3 for client in clients))
    slow.popen.send_signal(signal.SIGTERM)
    assert eventually(lambda: slow.status("/readyz")) == 503
    code, said = slow.end()
    stop.set()
    for client in clients:
        client.thread.join(timeout=15)
    assert code == 0
    assert [client.lost for client in clients] == [0] * 32
    assert "Traceback" not in said


def test_who_has_just_connected_is_heard_though_the_door_is_closed(slow: Process, eventually: Any) -> None:
    """A connection that has said nothing yet gets time to, and its answer says that it is the last."""
    with socket.create_connection(("127.0.0.1", slow.port), timeout=10) as client:
        slow.popen.send_signal(signal.SIGTERM)
        assert eventually(lambda: slow.status("/readyz") == 0)
        with pytest.raises(subprocess.TimeoutExpired):
            slow.popen.wait(0.6)
        head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n"
        client.sendall(head + b"[1]")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer
    assert slow.end()[0] == 0


def test_who_never_says_anything_does_not_hold_a_stop(slow: Process) -> None:
    """A connection that stays silent is closed after a while."""
    with socket.create_connection(("127.0.0.1", slow.port), timeout=10) as client:
        slow.popen.send_signal(signal.SIGTERM)
        assert client.recv(1) == b""
        assert slow.end()[0] == 0


def test_an_idle_service_stops_at_once(slow: Process) -> None:
    """Ctrl-C on a service that nobody talks to does not wait."""
    slow.popen.send_signal(signal.SIGINT)
    code, said = slow.end(5)
    assert (code, "Traceback" in said) == (0, False)


def test_a_second_signal_ends_a_drain(slow: Process) -> None:
    """A request that never ends holds the first SIGTERM; a second one does not wait for it."""
    with socket.create_connection(("127.0.0.1", slow.port)) as client:
        client.sendall(b"POST /hang HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx")
        assert slow.popen.stdout is not None
        assert slow.popen.stdout.readline() == "hanging\n"
        slow.popen.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            slow.popen.wait(1)
        slow.popen.send_signal(signal.SIGTERM)
        code, said = slow.end(8)
    assert code == 0
    assert "Traceback" not in said


def test_a_request_that_never_ends_is_given_up_after_the_drains_timeout(
    run: Callable[..., Process], eventually: Any
) -> None:
    """SERVEWATCH_DRAIN_TIMEOUT bounds the stop, and the client is told with a 503."""
    process = run("Slow", SERVEWATCH_DRAIN_TIMEOUT="0.5")
    eventually(lambda: process.status("/readyz") == 200, 20)
    with socket.create_connection(("127.0.0.1", process.port)) as client:
        client.sendall(b"POST /hang HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx")
        assert process.popen.stdout is not None
        assert process.popen.stdout.readline() == "hanging\n"
        process.popen.send_signal(signal.SIGTERM)
        assert client.recv(10_000).startswith(b"HTTP/1.1 503 Service Unavailable")
        code, said = process.end(6)
    assert (code, "Traceback" in said) == (0, False)


def test_a_service_that_still_loads_stops_at_once(run: Callable[..., Process], eventually: Any) -> None:
    """SIGTERM does not wait for a model; to be stopped while starting is no failure."""
    process = run("Loading")
    assert process.popen.stdout is not None
    assert process.popen.stdout.readline() == "loading\n"
    assert process.status("/readyz") == 503
    process.popen.send_signal(signal.SIGTERM)
    code, said = process.end(5)
    assert (code, "Traceback" in said) == (0, False)


@pytest.mark.parametrize("flag", ["--port", "--metrics-port"])
def test_a_taken_port_is_two_lines_that_name_the_flag(run: Callable[..., Process], flag: str) -> None:
    """The error says which port, on which host, and how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        process = run("Slow", **{flag.strip("-").replace("-", "_"): port})
        code, said = process.end()
    assert code == 1
    assert said.splitlines() == [
        f"error: port {port} on 127.0.0.1 is taken by another process",
        f"help: choose another with {flag} PORT",
    ]


@pytest.mark.parametrize(
    ("variable", "value", "flag"),
    [("SERVEWATCH_HOST", "203.0.113.7", "--host"), ("SERVEWATCH_METRICS_HOST", "203.0.113.7", "--metrics-host")],
)
def test_an_address_that_is_not_ours_is_two_lines(
    run: Callable[..., Process], variable: str, value: str, flag: str
) -> None:
    """An address that cannot be bound is named, with the system's reason, without a traceback."""
    process = run("Slow", **{variable: value})
    code, said = process.end()
    assert code == 1
    assert len(said.splitlines()) == 2
    assert f"error: {value!r} is no address of this machine: " in said
    assert said.splitlines()[-1] == f"help: give one with {flag}"


def test_a_missing_model_is_two_lines_and_exit_code_1(run: Callable[..., Process], tmp_path: Path) -> None:
    """The error names what the store has, and says how to list this one."""
    code, said = run("Lost").end()
    assert code == 1
    assert said.splitlines()[-2:] == [
        "error: model 'flowers' is not in the store; it has no model",
        f"help: SERVEWATCH_HOME={tmp_path} servewatch models list",
    ]
    assert "Traceback" not in said


def test_a_service_that_cannot_start_shows_the_users_traceback(run: Callable[..., Process]) -> None:
    """A fault in the user's __init__ ends the process with the place of the fault."""
    code, said = run("Broken").end()
    assert code == 1
    assert said.splitlines()[-1] == "RuntimeError: no licence"
    assert "slow_service.py" in said


def test_a_service_that_exits_while_it_starts_has_its_own_exit_code(run: Callable[..., Process]) -> None:
    """sys.exit in __init__ is obeyed."""
    assert run("Leaving").end()[0] == 7


def test_metrics_answer_while_the_event_loop_is_blocked(slow: Process) -> None:
    """User code that blocks the service does not block the scrape of the metrics port."""
    asking = threading.Thread(target=_post, args=(slow.port, "/block", b"2"))
    asking.start()
    assert slow.popen.stdout is not None
    assert slow.popen.stdout.readline() == "blocking\n"
    with urllib.request.urlopen(f"http://127.0.0.1:{slow.metrics_port}/metrics", timeout=1.5) as answer:
        page = answer.read().decode()
    assert 'servewatch_requests_in_progress{endpoint="block",service="slow",version="0.1.0"} 1.0' in page
    assert "process_resident_memory_bytes" in page
    assert "_created" not in page
    asking.join()


def _post(port: int, path: str, body: bytes) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"content-type": "text/plain"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
