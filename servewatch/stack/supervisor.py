"""Runs the processes of a stack until it is told to stop, and then leaves none behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from servewatch.stack import logs, state
from servewatch.stack.errors import StartFailed
from servewatch.stack.keeper import Keeper
from servewatch.stack.processes import Identity, end, identify, stamped
from servewatch.stack.program import Program
from servewatch.stack.restarts import HOPELESS, exit_text
from servewatch.stack.wake import Wake

START_SECONDS = 90.0
"""A stack that has not answered by then is taken down, with the reason."""

EAGER, STEADY = 0.1, 2.0


class Supervisor:
    """The one process that starts, watches, restarts and ends all others."""

    def __init__(
        self,
        programs: Sequence[Program],
        folder: Path,
        record: state.StackRecord,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.say, self.clock = folder, say, clock
        self._record = record
        self._written: state.StackRecord | None = None
        self._unwritable = False
        self.keepers = [Keeper(program, folder, environment, say, clock) for program in programs]
        self._probes: dict[str, tuple[Future[str], Identity | None]] = {}
        self._asked: dict[str, float] = {}
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(self.keepers)), thread_name_prefix="probe")

    def run(self, wake: Wake, ready: Callable[[float], None]) -> None:
        """Start everything, call `ready` once all is healthy, keep it so until told to stop, take it down."""
        try:
            self._start(wake, ready)
            bounded = self.clock()
            while not wake.stop:
                wake.wait(0.5)
                self._step()
                if self.clock() - bounded > 60:
                    bounded = self.clock()
                    for keeper in self.keepers:
                        logs.bound(keeper.log)
        finally:
            self._take_down(wake)

    def _start(self, wake: Wake, ready: Callable[[float], None]) -> None:
        began = self.clock()
        while not wake.stop:
            self._step()
            for keeper in self.keepers:
                if keeper.healthy and not keeper.answered:
                    keeper.answered = True
                    self.say(f"{keeper.program.name:13} ready after {self.clock() - began:.1f} s")
            if all(keeper.answered for keeper in self.keepers):
                self._save("running")
                ready(self.clock() - began)
                return
            self._give_up_where_hopeless(self.clock() - began)
            wake.wait(0.05)

    def _step(self) -> None:
        wish = state.take_kill(self.folder)
        for keeper in self.keepers:
            if wish and wish[0] == keeper.program.name:
                keeper.hold(wish[1])
            keeper.step()
            self._look_after_probe(keeper)
        self._save(self._record.phase)

    def _look_after_probe(self, keeper: Keeper) -> None:
        name = keeper.program.name
        if name in self._probes and self._probes[name][0].done():
            probe, asked = self._probes.pop(name)
            # An answer of the process that died meanwhile says nothing about the one that runs now.
            if keeper.identity == asked and keeper.child is not None:
                before = keeper.healthy
                keeper.heard(probe.result())
                if keeper.healthy and not before and keeper.answered:
                    self.say(f"{name} answers again")
        pace = STEADY if keeper.healthy else EAGER
        due = self._asked.get(name, -pace) + pace
        if keeper.child is not None and name not in self._probes and self.clock() >= due:
            self._asked[name] = self.clock()
            self._probes[name] = (self._pool.submit(keeper.probe), keeper.identity)

    def _give_up_where_hopeless(self, seconds: float) -> None:
        for keeper in self.keepers:
            name, log = keeper.program.name, keeper.log
            if keeper.answered:
                continue
            if keeper.deaths >= HOPELESS and keeper.last_exit is not None:
                why = f"it ended {keeper.deaths} times in a row, last with {exit_text(keeper.last_exit)}"
            elif seconds > START_SECONDS:
                why = f"after {seconds:.0f} s: {keeper.problem}"
            else:
                continue
            problem = f"{name} did not come up: {why}; its last lines:\n{logs.tail(log)}"
            raise StartFailed(problem, f"the whole log is {log}")

    def _save(self, phase: str) -> None:
        processes = tuple(keeper.record() for keeper in self.keepers)
        self._record = replace(self._record, phase=phase, processes=processes)
        if self._record != self._written:
            try:
                state.write(self.folder, self._record)
                self._written, self._unwritable = self._record, False
            except OSError as error:
                # What runs goes on: a full disk is no reason to take a service down.
                if not self._unwritable:
                    self.say(f"the state cannot be written, so `servewatch status` shows an old one: {error}")
                self._unwritable = True

    def _take_down(self, wake: Wake) -> None:
        self._save("stopping")
        told = "accepted requests are answered first (Ctrl-C again: without waiting)"
        self.say(f"stopping: {told}" if wake.stop else "taking down what runs")
        for stage in sorted({keeper.program.stage for keeper in self.keepers}):
            self._end_stage([keeper for keeper in self.keepers if keeper.program.stage == stage], wake)
        self._pool.shutdown(wait=False, cancel_futures=True)
        end(stamped(self._record.stamp), 2.0)

    def _end_stage(self, keepers: list[Keeper], wake: Wake) -> None:
        for keeper in keepers:
            keeper.terminate()
        until = self.clock() + max(keeper.program.stop_seconds for keeper in keepers)
        while not all(keeper.ended() for keeper in keepers) and self.clock() < until and not wake.hurry:
            wake.wait(0.1)
        for keeper in keepers:
            if not keeper.ended():
                self.say(f"{keeper.program.name} did not end when asked; it is killed")
            keeper.kill()
            if keeper.child is not None:
                keeper.child.wait()


def this_process() -> Identity:
    """The supervisor itself, for the record."""
    return identify(os.getpid()) or Identity(os.getpid(), "unknown")
