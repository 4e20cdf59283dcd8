"""Keeps one process running: starts it, sees it die, waits longer after each death, starts it again."""

from __future__ import annotations

import contextlib
import math
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from servewatch.stack import health
from servewatch.stack.logs import begin, log_path
from servewatch.stack.processes import Identity, identify
from servewatch.stack.program import Program, kill_group, reap, spawn
from servewatch.stack.restarts import Backoff, exit_text
from servewatch.stack.state import ProcessRecord

HUNG_SECONDS = 60.0
"""Without any answer for so long, what watches is started again. A service is not: it may be busy, and has requests."""
WATCHING = 2
"""The stage of what watches, and from which on."""


@dataclass
class Keeper:
    """One process of the stack and its history."""

    program: Program
    folder: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    backoff: Backoff = field(default_factory=Backoff)
    child: subprocess.Popen[bytes] | None = None
    identity: Identity | None = None
    problem: str = "it starts"
    deaths: int = 0
    restarts: int = 0
    last_exit: int | None = None
    answered: bool = False
    due: float = 0.0
    held: bool = False
    silent: float | None = None
    """Since when it has not answered at all."""
    _born: float = 0.0

    def __post_init__(self) -> None:
        self.log = log_path(self.folder, self.program.name)
        begin(self.log)

    @property
    def healthy(self) -> bool:
        """Whether it runs and answered when it was last asked."""
        return self.child is not None and not self.problem

    def step(self) -> None:
        """Notice a death; start it where its time has come."""
        code = None if self.child is None else reap(self.child)
        if code is not None:
            self._died(code)
        if self.child is None and self.clock() >= self.due:
            self._start()

    def probe(self) -> str:
        """Ask the process whether it is well: an empty text, or the reason why not. Takes time."""
        if self.program.health:
            return health.answers(self.program.health)
        if self.program.heartbeat:
            return health.beats(self.program.heartbeat)
        return ""

    def heard(self, problem: str) -> None:
        """Take what a probe found; end it where it has hung for long, and nobody's requests hang with it."""
        self.problem = problem
        if not health.silent(problem):
            self.silent = None
            return
        self.silent = self.clock() if self.silent is None else self.silent
        if self.answered and self.program.stage >= WATCHING and self.clock() - self.silent >= HUNG_SECONDS:
            self.say(f"{self.program.name} has not answered for {self.clock() - self.silent:.0f} s; it is killed")
            self.kill()

    def hold(self, seconds: float) -> None:
        """Kill it and let it stay down for so long."""
        self.held, self.due = True, self.clock() + seconds
        self.kill()

    def terminate(self) -> None:
        """Ask it to end."""
        if self.child is not None and not self.ended():
            self.child.terminate()

    def kill(self) -> None:
        """End it, and whatever it started in its own group, at once."""
        if self.child is not None and not self.ended():
            kill_group(self.child.pid)

    def ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.child is None or reap(self.child) is not None

    def record(self) -> ProcessRecord:
        """What others should know about it."""
        program = self.program
        return ProcessRecord(
            name=program.name,
            url=program.url,
            health=program.health,
            heartbeat=str(program.heartbeat or ""),
            log=str(self.log),
            process=self.identity,
            healthy=self.healthy,
            restarts=self.restarts,
            detail=self.detail(),
        )

    def detail(self) -> str:
        """Its state in a few words."""
        past = ""
        if self.restarts and self.last_exit is not None:
            times = "once" if self.restarts == 1 else f"{self.restarts} times"
            past = f"restarted {times}, last exit code {self.last_exit}"
        if self.child is None:
            wait = math.ceil(max(0.0, self.due - self.clock()))
            why = "held down by servewatch demo kill" if self.held else f"it died {self.deaths} times in a row"
            return "; ".join(filter(None, [f"{why}; starts again in {wait} s", past]))
        return "; ".join(filter(None, [self.problem or "running", past]))

    def _start(self) -> None:
        if self.last_exit is not None:
            self.restarts += 1
            self.say(f"{self.program.name} is started again")
        if self.program.heartbeat:
            with contextlib.suppress(OSError):
                self.program.heartbeat.unlink(missing_ok=True)
        self.held, self.problem, self.silent, self._born = False, "it starts", None, self.clock()
        self.child = spawn(self.program, self.environment, self.log)
        self.identity = identify(self.child.pid)

    def _died(self, code: int) -> None:
        self.child, self.identity, self.last_exit = None, None, code
        self.problem = exit_text(code)
        if self.held:
            self.say(f"{self.program.name} was killed and stays down for {self.due - self.clock():.0f} s")
            return
        self.deaths = self.backoff.deaths(self.deaths, self.clock() - self._born)
        wait = self.backoff.wait(self.deaths)
        self.due = self.clock() + wait
        self.say(f"{self.program.name} died ({exit_text(code)}); it starts again in {wait:g} s; its log: {self.log}")
