"""servewatch/traffic: services that die again and again, slow clients, labels that stay away, and how faults end."""

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
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from alerts.models import RUNNER_RESTARTING
from alerts.windows import milliseconds
from servewatch.replay.catalogue import chosen
from servewatch.stack import processes
from servewatch.stack.errors import StackError
from servewatch.traffic import again, away, current, demo
from servewatch.traffic.dripping import LENGTH, Drip
from servewatch.traffic.late import DELAY, LateLabels
from servewatch.traffic.unnoticed import follow_labels
from tests.servewatch.stack.stacks import wait_for

WAITS = "import signal; signal.pause()"


class Listener:
    """Takes connections and keeps what comes over each."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def take(self, count: int) -> list[socket.socket]:
        taken = [self.socket.accept()[0] for _ in range(count)]
        for one in taken:
            one.settimeout(5)
        return taken


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.socket.close()


def received(sock: socket.socket) -> bytes:
    """All that came until the other side closed."""
    parts = []
    with sock:
        while part := sock.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_slow_clients_send_a_byte_at_a_time_and_are_cut_off(listener: Listener) -> None:
    """Each sends the head of a request and never its whole body; after its time it is gone, and another one comes."""
    now = [0.0]
    flood = Drip(listener.url, clients=2, stay=1.0, clock=lambda: now[0])
    for at in (0.0, 0.4, 0.8):
        now[0] = at
        flood.step()
    assert (flood.sending, flood.cut, flood.closed) == (2, 0, 0)
    now[0] = 1.1
    flood.step()
    assert (flood.sending, flood.cut, flood.closed) == (2, 1, 0)
    flood.close()
    sent = [received(one) for one in listener.take(3)]
    heads, bodies = zip(*(text.split(b"\r\n\r\n") for text in sent), strict=True)
    assert all(f"Content-Length: {LENGTH}".encode() in head for head in heads)
    assert bodies == (b"xx", b"xx", b"")
    assert flood.sending == 0


def test_slow_clients_that_the_service_ends_are_counted_apart(listener: Listener) -> None:
    """A connection that the service closes, or answers before the request is whole, was not cut off by the client."""
    flood = Drip(listener.url, clients=1, clock=lambda: 0.0)
    flood.step()
    (taken,) = listener.take(1)
    taken.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    wait_for(lambda: flood.step() or flood.closed)
    flood.close()
    taken.close()
    assert (flood.cut, flood.closed) == (0, 1)


def test_labels_stay_away_until_their_time(tmp_path: Path) -> None:
    """The wish ends by itself, can be taken back, and a file that says nothing is none."""
    assert not away.away(tmp_path)
    away.send_none(tmp_path, time.time() + 60)
    assert away.away(tmp_path)
    away.send_again(tmp_path)
    assert not away.away(tmp_path)
    away.send_none(tmp_path, time.time() - 1)
    assert not away.away(tmp_path)
    (tmp_path / away.FILE).write_text("[]")
    assert not away.away(tmp_path)


def test_what_falls_due_while_the_sender_is_away_is_never_sent() -> None:
    """Once the sender is back, later labels are sent, and those that it missed are not."""
    now, gone = [0.0], [True]
    late = LateLabels("http://127.0.0.1:9", share=1.0, clock=lambda: now[0], away=lambda: gone[0])
    late.note("one", (1,))
    now[0] = DELAY[1] + 1
    late.send(lambda seconds: pytest.fail("a label was sent"))
    gone[0] = False
    late.send(lambda seconds: pytest.fail("a label was sent"))
    assert late.counted == 0


def test_faults_need_a_stack_that_can_have_them(tmp_path: Path) -> None:
    """Where no native stack runs, the error names the folder and the command that starts one."""
    for cause in (
        lambda: again.follow_deaths(again.CRASH, "http://127.0.0.1:9", tmp_path, 1.0, "http://127.0.0.1:9", print),
        lambda: follow_labels(tmp_path, 1.0, "http://127.0.0.1:9", print),
    ):
        with pytest.raises(StackError, match=str(tmp_path)) as caught:
            cause()
        assert "up --native" in caught.value.help


def test_a_loop_outlasts_the_deaths_that_its_alert_asks_for() -> None:
    """Each dies more often than the alert allows, and within its window; its incident dies as often."""
    for loop, name in ((again.CRASH, "crash-loop"), (again.LEAK, "memory-leak")):
        last = loop.first + (again.DEATHS - 1) * again.PERIOD
        assert RUNNER_RESTARTING.threshold < again.DEATHS
        assert last < loop.seconds < milliseconds("15m") / 1000
        (incident,) = chosen([name])
        assert incident.live.split() == [loop.name]
        assert incident.promises[0].alert is RUNNER_RESTARTING
        assert incident.promises[0].reached == pytest.approx(last, abs=again.PERIOD / 4)


def test_stop_ends_the_faults_that_run_and_no_other_process(tmp_path: Path) -> None:
    """The process that a fault noted is asked to end; a note whose pid is another process's now ends nobody."""
    argv = [sys.executable, "-c", WAITS]
    with subprocess.Popen(argv) as child, subprocess.Popen(argv) as other:
        me = wait_for(lambda: processes.identify(child.pid))
        folder = tmp_path / current.FOLDER
        folder.mkdir()
        (folder / "1.json").write_text(json.dumps({"name": "crash", "pid": me.pid, "born": me.born}))
        (folder / "2.json").write_text(json.dumps({"name": "leak", "pid": other.pid, "born": "another time"}))
        (folder / "3.json").write_text("{}")
        away.send_none(tmp_path, time.time() + 60)
        assert current.end_all(tmp_path) == ["crash"]
        assert child.wait(10) == -signal.SIGTERM
        assert other.poll() is None
        other.terminate()
    assert list(folder.iterdir()) == []
    assert not away.away(tmp_path)
    assert current.end_all(tmp_path) == []


def test_a_fault_is_known_while_it_is_caused(tmp_path: Path) -> None:
    """Its note names it and this very process, and is gone once it is over, however it ended."""
    with contextlib.suppress(KeyError), current.noted(tmp_path, "errors"):
        (note,) = (tmp_path / current.FOLDER).iterdir()
        told = json.loads(note.read_text())
        assert (told["name"], told["pid"]) == ("errors", os.getpid())
        raise KeyError
    assert list((tmp_path / current.FOLDER).iterdir()) == []


class Answering(BaseHTTPRequestHandler):
    """A Prometheus with two alerts."""

    def do_GET(self) -> None:
        series = [({"alertname": "B", "alertstate": state}, "1") for state in ("pending", "firing")]
        series.append(({"alertname": "A", "alertstate": "pending"}, "41.6"))
        result = [{"metric": metric, "value": [0, value]} for metric, value in reversed(series)]
        body = json.dumps({"data": {"result": result}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_alerts_that_nobody_promised_are_told_too() -> None:
    """Each is told once, as firing where any of its series fires; without a Prometheus nothing is made up."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert demo.alerts_now(url) == {"A": "is pending", "B": "fires"}
        assert demo.counted(url, "x") == "42"
        server.shutdown()
        thread.join()
    assert (demo.alerts_now("http://127.0.0.1:9"), demo.counted("http://127.0.0.1:9", "x")) == ({}, "?")
