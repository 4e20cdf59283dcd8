"""One service in one process: its sockets, its signals, its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import math
import socket
from types import FrameType

import uvicorn
from prometheus_client import REGISTRY, disable_created_metrics
from prometheus_client.registry import CollectorRegistry

from monitoring import MetricsServer
from serving import logs
from serving.app import App
from serving.connections import Connection, Patience
from serving.errors import ServewatchError
from serving.frame import create_app
from serving.settings import Settings
from serving.tracks import track_now

BACKLOG = 2048
LAST_WORDS = 0.2
FIRST_WORDS = 2.0
"""How long somebody who has connected and said nothing yet is waited for; the others have the time above."""

log = logging.getLogger("serving")


class PortInUse(ServewatchError):
    """Another process listens on a port that we need."""

    code = "port_in_use"


class Server(uvicorn.Server):
    """uvicorn, but that a signal drains first: not ready, then no more connections, then the accepted work ends."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app
        self._stopping = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: drain. Second: end now."""
        if self._stopping:
            self.should_exit = self.force_exit = True
            return
        self._stopping = True
        if self.servers:  # a signal may interrupt anything on this thread: the loop is the place to act
            loop = self.servers[0].get_loop()
            loop.call_soon_threadsafe(self._drain, loop)
        else:
            self.should_exit = True

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        self._app.lifecycle.drain()
        if self.server_state.connections:
            loop.call_later(self._app.settings.drain_delay, self._stop)
        else:
            self._stop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door, then let those who came in last say what they want before connections end.

        A connection that was made a moment ago waits to be accepted, or has sent a request which is still to
        be read: the kernel would reset the one, uvicorn takes the other for idle.
        """
        if self.server_state.connections and not self.force_exit:
            doors = [sock.dup() for sock in sockets or []]
            for server in self.servers:
                server.close()
            for door in doors:
                await self._take_in(door)
            await self._hear()
        await super().shutdown(sockets)

    async def _hear(self) -> None:
        """Wait for who came in last: a while for all, and longer for who has not said anything yet."""
        for _ in range(round(FIRST_WORDS / LAST_WORDS)):
            await asyncio.sleep(LAST_WORDS)
            if self.force_exit or not any(map(_is_silent, self.server_state.connections)):
                return

    async def _take_in(self, door: socket.socket) -> None:
        """Accept whoever waits, without going back to the event loop, and close."""
        waiting: list[socket.socket] = []
        door.setblocking(False)
        with door, contextlib.suppress(OSError):
            while True:
                waiting.append(door.accept()[0])
        loop = asyncio.get_running_loop()
        for accepted in waiting:
            accepted.setblocking(False)
            with contextlib.suppress(OSError):  # it has left meanwhile
                await loop.connect_accepted_socket(self._protocol, accepted)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door, and keep an eye on who is slow."""
        await super().startup(sockets)
        settings = self._app.settings
        Patience(settings.header_timeout, settings.body_timeout, self.server_state.connections).begin()

    def _stop(self) -> None:
        self.should_exit = True

    def failed(self) -> None:
        """The service could not start: end."""
        self.should_exit = True


def _is_silent(connection: object) -> bool:
    return isinstance(connection, Connection) and connection.silent


class AddressUnknown(ServewatchError):
    """No address of this machine is called so."""

    code = "address_unknown"


def listen(host: str, port: int, flag: str) -> socket.socket:
    """A socket that listens there, or an error that names the flag to choose another port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio's own loop asks what it is
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _port_error(error, host, port, flag) from None
    return listening


def _port_error(error: OSError, host: str, port: int, flag: str) -> ServewatchError:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        other = flag.replace("port", "host")
        return AddressUnknown(f"{host!r} is no address of this machine: {error.strerror}", f"give one with {other}")
    reason = "is taken by another process" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
    return PortInUse(f"port {port} on {host} {reason}", f"choose another with {flag} PORT")


def listen_for_metrics(registry: CollectorRegistry, settings: Settings) -> MetricsServer | None:
    """/metrics on its own port, or an error that names the flag; None where the settings turn it off."""
    if not settings.metrics_port:
        return None
    try:
        return MetricsServer(registry, settings.metrics_host, settings.metrics_port)
    except OSError as error:
        raise _port_error(error, settings.metrics_host, settings.metrics_port, "--metrics-port") from None


def open_ports(registry: CollectorRegistry, settings: Settings) -> tuple[socket.socket, MetricsServer | None]:
    """The service's socket and its metrics' server, or neither of them."""
    listening = listen(settings.host, settings.port, "--port")
    try:
        return listening, listen_for_metrics(registry, settings)
    except ServewatchError:
        listening.close()
        raise


def run(service: type, settings: Settings, registry: CollectorRegistry = REGISTRY) -> int:
    """Serve until a signal ends it; 0 if it ended as it should."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series, and rate() does not need them
    app = create_app(service, settings, registry)
    listening, metrics = open_ports(registry, settings)
    server = Server(_config(app, settings), app)
    app.lifecycle.on_failure = server.failed
    app.lifecycle.on_ready = app.lifecycle.garbage.settle
    log.info("%s on http://%s:%s", app.lifecycle.definition.name, settings.host, listening.getsockname()[1])
    try:
        server.run(sockets=[listening])
    finally:
        if metrics is not None:
            metrics.close()
    if app.lifecycle.error is not None:
        raise app.lifecycle.error
    return 0


def _config(app: App, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="auto",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        date_header=True,
        timeout_graceful_shutdown=math.ceil(settings.drain_timeout),
    )


def configure_logging(level: str, form: str = "text") -> None:
    """Lines on stderr; uvicorn's start and stop messages are ours to give."""
    logs.configure(level, form, track_now)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
