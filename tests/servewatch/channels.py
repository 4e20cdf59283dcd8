"""Local servers that stand for the mail server and the web hooks of others, and a real Alertmanager that calls them."""

from __future__ import annotations

import contextlib
import json
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from alerts import alertmanager
from servewatch.stack import config, health, prepare, tools
from servewatch.stack.ports import Ports
from tests.servewatch.stack.stacks import free_port, wait_for


class Hooks(ThreadingHTTPServer):
    """Keeps what is posted to it, by path; answers as Slack and PagerDuty do, with the status that it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.came: list[tuple[str, dict[str, Any]]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def of(self, path: str) -> list[dict[str, Any]]:
        return [body for where, body in self.came if where == path]


class _Hook(BaseHTTPRequestHandler):
    server: Hooks

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.came.append((self.path, body))
        self.send_response(202 if self.path == "/pagerduty" and self.server.status == 200 else self.server.status)
        self.end_headers()
        self.wfile.write(b'{"status":"success"}' if self.path == "/pagerduty" else b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Mail(socketserver.ThreadingTCPServer):
    """A mail server that speaks as much SMTP as one letter needs, and keeps the letters."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.letters: list[Message] = []


class _Mail(socketserver.StreamRequestHandler):
    server: Mail

    def handle(self) -> None:
        self._say("220 here")
        for line in self.rfile:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                self._say("354 go on")
                self._letter()
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _letter(self) -> None:
        lines = list(iter(self.rfile.readline, b".\r\n"))
        self.server.letters.append(message_from_bytes(b"".join(lines)))
        self._say("250 kept")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextlib.contextmanager
def listening(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def notified(folder: Path, secrets: Path, hooks: Hooks) -> Iterator[str]:
    """A real Alertmanager with the channels of these secrets; its address."""
    program = tools.find(tools.ALERTMANAGER)
    if program is None:
        pytest.skip("alertmanager is not on PATH: apt-get install prometheus-alertmanager")
    ports = Ports(alertmanager=free_port())
    text = alertmanager.config(
        alertmanager.channels(secrets),
        secrets=secrets,
        receiver=f"{hooks.url}/stack",
        release=prepare.release(program),
    )
    config.write(folder, ports, "fashion", text.replace("group_wait: 5s", "group_wait: 0s"))
    log = folder / "alertmanager.log"
    with log.open("wb") as output:
        argv = config.alertmanager_argv(program, folder, ports)
        with subprocess.Popen(argv, stdout=output, stderr=output) as running:
            try:
                wait_for(lambda: health.answers(ports.url("alertmanager", "/-/ready")) == "" or None)
                yield ports.url("alertmanager")
            finally:
                running.terminate()
                running.wait(15)
