"""The master: it listens, starts workers and runners, keeps them up, adds up their metrics, stops them in order."""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, disable_created_metrics

from monitoring import Metrics, MetricsServer
from monitoring.beside import hang
from monitoring.catalogue import runtime
from monitoring.merge import Merged, merge
from monitoring.metrics import Incrementer
from monitoring.quality import Memory
from serving.errors import ServewatchError
from serving.processes.control import Message
from serving.processes.counts import Counts
from serving.processes.errors import ChildFailed, pack_error, unpack_error
from serving.processes.peers import introduce
from serving.processes.restarts import Backoff, Life
from serving.processes.seat import Child, Failure, Seat
from serving.processes.shelf import Shelf
from serving.server import FIRST_WORDS, listen, listen_for_metrics
from serving.settings import Settings

Check = Callable[[str, tuple[str, ...]], None]
TICK = 1.0
RECONNECT = 0.2
GRACE = 3.0
"""Seconds beyond the drain's own that children have to end by themselves."""

log = logging.getLogger("serving")


class Master:
    """Supervises the processes of one service. All of it happens on one event loop."""

    def __init__(self, target: str, settings: Settings, listening: socket.socket, check: Check | None = None) -> None:
        self._target, self._settings, self._listening, self._check = target, settings, listening, check
        self._seats = [Seat("runner", index) for index in range(max(1, settings.runners))]
        self._seats += [Seat("worker", index) for index in range(settings.workers)]
        self._numbers = itertools.count(1)
        self._pins: dict[str, str] = {}
        self._labelled = Memory(settings.feedback_days * 86400)
        self.shelf = Shelf(len(self._seats))
        self._backoff = Backoff()
        self._stopping = self._served = False
        self._failure: Failure | None = None
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._restarts: dict[str, Incrementer] = {}
        self.counts = Counts(REGISTRY, self._children)

    async def run(self) -> Failure | None:
        """Until a signal ends it, or it cannot go on: then it says why."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._signalled)
        try:
            for seat in self._seats:
                self._fill(seat)
            while not self._over.is_set():
                await self.counts.refresh()
                self._look()
                await self._pause()
        finally:
            for child in self._children():
                child.kill()
                child.bury()
        return self._failure

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._over.wait(), TICK)
        except TimeoutError:
            return

    def _children(self, role: str = "") -> Iterator[Child]:
        found = [seat.child for seat in self._seats if seat.child is not None and role in ("", seat.role)]
        return iter(found)

    def _fill(self, seat: Seat) -> None:
        """Start the next child of a place."""
        if self._stopping:
            return
        try:
            child = seat.fill(
                next(self._numbers),
                self._target,
                self._settings,
                self._listening,
                self.shelf.handle,
                served=self._served or seat.was_ready,
            )
        except OSError as error:
            log.error("a %s cannot be started: %s", seat.role, error)
            seat.timer = self._loop.call_later(TICK, self._fill, seat)
            return
        self.counts.begin(child)
        child.listener = self._soon(child.listen(self._heard))
        self._loop.add_reader(child.process.sentinel, self._look)

    def _soon(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _heard(self, child: Child, message: Message) -> None:
        kind, *content = message
        if kind == "counts":
            self.counts.note(child, content[0])
        elif kind == "hello":
            self._greet(child)
        elif kind == "serves":
            self._bind(*content)
        elif kind == "ready":
            self._welcome(child)
        elif kind == "lost":
            self._loop.call_later(RECONNECT, self._reconnect, child, content[0])
        elif kind == "failed":
            child.failure = Failure(*content)
        elif kind == "ask" and content[1] == "pin":
            child.tell("reply", content[0], self._pins.setdefault(content[2], content[3]))
        elif kind == "ask" and content[1] == "watch":
            child.tell("reply", content[0], self.shelf.place(content[2]))
        elif kind == "ask" and content[1] == "label":
            child.tell("reply", content[0], self._labelled.add(content[2]))
        elif kind == "ask":
            self._soon(self._show(child, content[0]))

    def _bind(self, service: str, version: str, slos: tuple[str, ...]) -> None:
        """What the service is called is known from the first child that has imported it."""
        if not self._restarts:
            metrics = Metrics(REGISTRY, {"service": service, "version": version})
            roles = ("worker", "runner")
            self._restarts = {role: metrics.counter(runtime.PROCESS_RESTARTS, process=role) for role in roles}
            self._judge(service, slos)

    def _judge(self, service: str, slos: tuple[str, ...]) -> None:
        """End where the service promises what cannot be kept."""
        try:
            if self._check is not None:
                self._check(service, slos)
        except ServewatchError as error:
            self._failure = self._failure or Failure(pack_error(error), "", 1)
            self._stop()
            self._kill()

    async def _show(self, child: Child, key: str) -> None:
        await self.counts.refresh()
        board = self.shelf.board
        child.tell("reply", key, (merge(self.counts.known()), board.sections(), board.reference()))

    def _greet(self, child: Child) -> None:
        child.greeted = True
        if self._stopping:
            child.tell("drain")
            self._advance()
        elif child.role == "worker":
            for runner in self._children("runner"):
                if runner.ready:
                    self._introduce(child, runner)

    def _welcome(self, child: Child) -> None:
        child.ready = True
        self._seat(child).was_ready = True
        if child.role == "runner":
            for worker in self._children("worker"):
                if worker.greeted:
                    self._introduce(worker, child)
        self._open(child)

    def _begun(self, role: str, last: int = sys.maxsize) -> bool:
        """Whether a child in one of the role's places, up to this one, was ready once."""
        return any(seat.was_ready for seat in self._seats if seat.role == role and seat.index <= last)

    def _open(self, child: Child) -> None:
        """Once requests can be answered, each worker that is ready lets them in."""
        if self._served:
            child.tell("open")
        elif self._begun("runner") and self._begun("worker", 0):
            self._served = True
            for worker in self._children("worker"):
                if worker.ready:
                    worker.tell("open")

    def _reconnect(self, worker: Child, number: int) -> None:
        """A way between two that both live has broken."""
        living = list(self._children())
        for runner in living:
            if runner.number == number and worker in living and not runner.ended:
                log.warning("%s has lost %s: they are connected again", worker.name, runner.name)
                self._introduce(worker, runner)

    def _introduce(self, worker: Child, runner: Child) -> None:
        try:
            introduce(worker.door, worker.number, runner.door, runner.number)
        except OSError as error:  # one of them has just ended, which is seen elsewhere, or handles ran out
            log.warning("%s and %s cannot be connected: %s", worker.name, runner.name, error)

    def _seat(self, child: Child) -> Seat:
        return next(seat for seat in self._seats if seat.child is child)

    def _look(self) -> None:
        """Who has ended?"""
        for seat in self._seats:
            if seat.child is not None and seat.child.ended:
                child, seat.child = seat.child, None
                self._loop.remove_reader(child.process.sentinel)
                self._soon(self._ended(seat, child))

    async def _ended(self, seat: Seat, child: Child) -> None:
        """Hear its last words, let the others know, and decide what comes next."""
        for other in self._children():
            other.tell("gone", child.number)
        code, seconds = child.process.exitcode, time.monotonic() - child.began
        if child.listener is not None:
            await asyncio.wait([child.listener], timeout=1.0)
            child.listener.cancel()
        self.counts.end(child)
        child.bury()
        if self._stopping:
            self._advance()
            return
        life = Life(seat.deaths, seconds, seat.was_ready, child.failure is not None)
        seat.deaths, wait = self._backoff.deaths(life), self._backoff.wait(life)
        if wait is None:
            self._give_up(child, code)
            return
        log.error("%s ended (%s) and is started again in %g s", child.name, describe_exit(code), wait)
        if child.failure is not None and child.failure.text:
            log.error("%s said:\n%s", child.name, child.failure.text)
        if seat.role in self._restarts:
            self._restarts[seat.role].inc()
        seat.timer = self._loop.call_later(wait, self._fill, seat)

    def _give_up(self, child: Child, code: int | None) -> None:
        message = f"{child.name} ended {self._seats_deaths()} before it was ready: {describe_exit(code)}"
        self._failure = self._failure or child.failure or Failure(None, message, 1)
        self._stop()
        self._kill()

    def _seats_deaths(self) -> str:
        deaths = max(seat.deaths for seat in self._seats)
        return "once" if deaths == 1 else f"{deaths} times"

    def _signalled(self) -> None:
        """First signal: drain. Second: end now."""
        if self._stopping:
            self._kill()
            return
        log.info("the service drains")
        self._stop()
        limit = self._settings.drain_delay + FIRST_WORDS + self._settings.drain_timeout + GRACE
        self._loop.call_later(limit, self._kill)

    def _stop(self) -> None:
        """No one new is started, and no connection waits for the master, who would never take it."""
        self._stopping = True
        self._listening.close()
        for seat in self._seats:
            seat.close()
        for child in self._children():
            child.tell("drain") if child.greeted else child.kill()
        self._advance()

    def _advance(self) -> None:
        """Runners end when the last worker has; the master when the last of all has."""
        if not list(self._children("worker")):
            for runner in self._children("runner"):
                runner.tell("end")
        if not list(self._children()):
            self._over.set()

    def _kill(self) -> None:
        for child in self._children():
            child.kill()


def describe_exit(code: int | None) -> str:
    """An exit code for people."""
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def supervise(target: str, settings: Settings, check: Check | None = None) -> int:
    """Serve in several processes until a signal ends it; 0 if it ended as it should.

    `check` gets the service's name and what it promises, and raises what is to end all of it.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]
    listening = listen(settings.host, settings.port, "--port")
    failure = asyncio.run(_supervise(target, settings, listening, check))
    if failure is None:
        return 0
    if failure.error is not None:
        raise unpack_error(failure.error)
    if failure.code == 1 and "\n" not in failure.text:
        raise ChildFailed(failure.text, "the lines above are what it said; run it with --workers 1 to see more")
    sys.stderr.write(failure.text)
    return failure.code


async def _supervise(target: str, settings: Settings, listening: socket.socket, check: Check | None) -> Failure | None:
    registry = CollectorRegistry()
    with listening:
        master = Master(target, settings, listening, check)
        registry.register(Merged(master.counts.pages))
        hang(master.shelf.board, registry)
        metrics: MetricsServer | None = listen_for_metrics(registry, settings)
        where = f"http://{settings.host}:{listening.getsockname()[1]}"
        log.info("%s on %s with %d workers, %d runners", target, where, settings.workers, max(1, settings.runners))
        try:
            return await master.run()
        finally:
            if metrics is not None:
                await asyncio.get_running_loop().run_in_executor(None, functools.partial(metrics.close))
