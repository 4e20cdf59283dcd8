"""A runner's process: the models, the queues before them, and no HTTP."""

from __future__ import annotations

import asyncio
import functools
import importlib
import socket
from collections.abc import Callable
from typing import Any

from prometheus_client import REGISTRY

from monitoring import Metrics
from monitoring.own import expose
from serving.batcher import Batcher, Limits
from serving.faults import Faults
from serving.lifecycle import Lifecycle
from serving.processes.answering import Answering
from serving.processes.arena import Arena, own
from serving.processes.board import Board, PublicBatcher
from serving.processes.control import Control, hand
from serving.processes.peers import Peers
from serving.processes.pins import pinned
from serving.processes.shelf import Share
from serving.runner import Runner
from serving.service import Definition, RunnerSpec, definition
from serving.settings import Settings
from serving.store import Model, Store
from serving.store.frameworks import named
from serving.watching import Watching


class RunnerLifecycle(Lifecycle):
    """The lifecycle of a process that has the models and no socket of its own."""

    def __init__(
        self,
        definition: Definition,
        settings: Settings,
        metrics: Metrics,
        faults: Faults | None,
        *,
        control: Control,
        index: int,
        share: Share,
    ) -> None:
        self._control, self._index, self._share = control, index, share
        self._boards: dict[Arena, Board] = {}
        super().__init__(definition, settings, metrics, faults)

    def _watching(self) -> Watching:
        return Watching(self.definition, self.metrics, endpoints=False, share=self._share)

    def _load(self, tag: str) -> Model:
        store = Store(self.settings.store)
        info = pinned(self._control, store, tag)
        device = self.settings.device
        if (spread := getattr(named(info.framework), "spread", None)) is not None:
            device = spread(device, self._index)
        return self._loaded(store.load(str(info.tag), **self._options(device)))

    def _batcher(self, runner: Runner, limits: Limits) -> Batcher:
        queue = [spec.name for spec in self.definition.runners].index(runner.name)
        return PublicBatcher(runner, limits, self.metrics, queue, self._boards.values())

    def join(self, arena: Arena) -> None:
        """A worker is there: tell it what is full, from now on."""
        self._boards[arena] = board = Board(arena)
        for batcher in self.batchers.values():
            if isinstance(batcher, PublicBatcher):
                batcher.show(board)

    def part(self, arena: Arena) -> None:
        """A worker is gone."""
        self._boards.pop(arena, None)

    def _watched(self, spec: RunnerSpec) -> Callable[[Any], Any]:
        function = super()._watched(spec)
        return lambda argument: function(own(argument))


def run_runner(
    service: type, settings: Settings, control: Control, door: socket.socket, index: int, share: Share
) -> None:
    """Run what the workers send until the master says end; what made the models fail to load is raised."""
    declared = definition(service)
    metrics = Metrics(REGISTRY, {"service": declared.name, "version": declared.version})
    expose(REGISTRY, metrics.constant)
    faults = Faults() if settings.faults else None
    lifecycle = RunnerLifecycle(declared, settings, metrics, faults, control=control, index=index, share=share)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_live(lifecycle, control, door))
    if lifecycle.error is not None:
        raise lifecycle.error


async def _live(lifecycle: RunnerLifecycle, control: Control, door: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    lifecycle.on_failure = over.set
    lifecycle.on_ready = functools.partial(control.ready, lifecycle.garbage)
    control.on_drain = functools.partial(hand, loop, lifecycle.drain)
    control.on_end = functools.partial(hand, loop, over.set)
    lifecycle.begin()

    def peer(process: int, arena: Arena) -> Answering:
        lifecycle.join(arena)
        return Answering(lifecycle, arena, lambda: lifecycle.part(arena))

    peers = Peers(door, control, peer)
    await over.wait()
    await lifecycle.end()
    del peers


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    except ImportError:  # there is none for this system
        return asyncio.new_event_loop
    return factory
