"""A worker: HTTP, decoding, checking, the user's endpoints, encoding. The models are elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from prometheus_client import REGISTRY

from monitoring import Metrics
from serving.app import App
from serving.errors import NotReady
from serving.faults import Faults
from serving.frame import create_app
from serving.lifecycle import Lifecycle
from serving.processes.arena import Arena
from serving.processes.control import Control, hand
from serving.processes.lazy import LazyModel
from serving.processes.link import Link
from serving.processes.page import PATIENCE, MasterPage
from serving.processes.peers import Peers
from serving.processes.pins import pinned
from serving.processes.remote import Links, RemoteBatcher
from serving.processes.shelf import Share
from serving.server import BACKLOG, Server, _config
from serving.service import Batched, Definition, RunnerSpec
from serving.settings import Settings
from serving.store import Model, Store
from serving.warmup import decode_examples
from serving.watching import Watching


class WorkerLifecycle(Lifecycle):
    """The lifecycle of a process whose runners are other processes."""

    has_models = False

    def __init__(
        self,
        definition: Definition,
        settings: Settings,
        metrics: Metrics,
        faults: Faults | None,
        *,
        control: Control,
        door: socket.socket,
        share: Share,
    ) -> None:
        self._links = Links()
        self._control, self._door, self._share = control, door, share
        super().__init__(definition, settings, metrics, RelayedFaults(self._links) if faults is not None else None)

    def _watching(self) -> Watching:
        return Watching(self.definition, self.metrics, runners=False, share=self._share)

    def begin(self) -> None:
        """Load what is not the models' weights, and reach for the runners."""
        super().begin()
        self._peers = Peers(self._door, self._control, self._link)

    def _link(self, process: int, arena: Arena) -> Link:
        return Link(process, arena, self._links.add, self._lost)

    def _lost(self, link: Link) -> None:
        """The master knows whether the runner lives: if it does, it makes another way to it."""
        self._links.lost(link)
        self._control.send("lost", link.runner)

    def _load(self, tag: str) -> Model:
        store = Store(self.settings.store)
        info = pinned(self._control, store, tag)
        load = functools.partial(store.load, str(info.tag), **self._options(self.settings.device))
        return self._loaded(LazyModel(store, info, load))

    def _start_runner(self, spec: RunnerSpec) -> None:
        index = self.definition.runners.index(spec)
        batcher = RemoteBatcher(index, spec, self._links, self._series[spec.name])
        self.batchers[spec.name] = batcher
        if isinstance(getattr(type(self.instance), spec.name), Batched):
            self.instance.__dict__[spec.name] = self.desk.noting(spec.name, batcher.submit)

    async def first_labels(self, rows: list[int]) -> list[bool]:
        """The master remembers for all workers."""
        loop = asyncio.get_running_loop()
        came: asyncio.Future[list[bool]] = loop.create_future()
        self._control.ask_soon("label", rows, then=lambda new: hand(loop, _settle, came, new))
        try:
            return await asyncio.wait_for(came, PATIENCE)
        except TimeoutError:
            raise NotReady(f"the master did not answer within {PATIENCE:g} s", "send the labels again") from None

    async def _warm_up(self) -> None:
        """The models are called where they are; here the first request finds its decoder loaded."""
        await asyncio.to_thread(decode_examples, self.definition)

    async def reach(self) -> None:
        """Wait for a runner, as long as it may take to reach one that lives."""
        if self.batchers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._links.reached.wait(), PATIENCE)

    @property
    def reason(self) -> str | None:
        """Why requests are not welcome; None where they are."""
        if self.state == "ready" and self.batchers and not self._links.reached.is_set():
            return "the model is loading"
        return super().reason


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


class RelayedFaults(Faults):
    """Slowness that a client asks for happens where the models are."""

    def __init__(self, links: Links) -> None:
        super().__init__()
        self._links = links

    def obey(self, header: str) -> None:
        """Fail here, or slow all runners down."""
        super().obey(header)
        for link in self._links:
            link.fault(header)


class WorkerServer(Server):
    """The server, but that the master says when to let requests in, and when to stop.

    All workers listen on one socket. One that is not ready takes no connection that another could serve; the
    herald does, until anybody has served, so that those who ask hear why they have to wait.
    """

    def __init__(self, config: uvicorn.Config, app: App, *, herald: bool) -> None:
        super().__init__(config, app)
        self._herald = herald
        self._open = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Task[None] | None = None

    def open(self) -> None:
        """The master says that this worker may serve; called from any thread."""
        if self._loop is not None:
            hand(self._loop, self._open.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to load; the door stays closed unless this is the herald."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets if self._herald else [])
        if not self._herald:
            self._opening = asyncio.create_task(self._let_in(sockets or []))

    async def _let_in(self, doors: list[socket.socket]) -> None:
        await self._open.wait()
        await self._app.lifecycle.reach()
        loop = asyncio.get_running_loop()
        self.servers += [await loop.create_server(self._protocol, sock=door, backlog=BACKLOG) for door in doors]

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the master's."""
        yield


def run_worker(
    service: type,
    settings: Settings,
    control: Control,
    door: socket.socket,
    listening: socket.socket,
    share: Share,
    *,
    herald: bool,
) -> None:
    """Serve until the master says drain; what made the service fail to start is raised."""
    make: Callable[..., Any] = functools.partial(WorkerLifecycle, control=control, door=door, share=share)
    app = create_app(service, settings, REGISTRY, make=make, page=MasterPage(control))
    server = WorkerServer(_config(app, settings), app, herald=herald)
    control.on_open = server.open
    app.lifecycle.on_failure = server.failed
    app.lifecycle.on_ready = functools.partial(control.ready, app.lifecycle.garbage)
    control.on_drain = functools.partial(server.handle_exit, signal.SIGTERM, None)
    control.on_end = control.on_drain
    with contextlib.suppress(asyncio.CancelledError):
        server.run(sockets=[listening])
    if app.lifecycle.error is not None:
        raise app.lifecycle.error
