"""Native mode: the stack as processes of this machine, kept by one supervisor."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from servewatch import slos
from servewatch.stack import config, hints, logs, looking, plan, ports, prepare, processes, state, targets, tools
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options, StackStatus
from servewatch.stack.ports import Ports
from servewatch.stack.reload import reload
from servewatch.stack.supervisor import Supervisor, this_process
from servewatch.stack.wake import Wake
from serving.settings import inherited_environment

DOWN_SECONDS = 60.0


class Native:
    """The stack as processes of this machine."""

    name = "native"

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.options, self.say = options, say
        self.folder = options.folder

    def up(self) -> int:
        """Start and stay until told to stop; detached, return once healthy. What runs reads its files again."""
        record = state.read(self.folder)
        if record is not None and record.supervised:
            return self._again(record)
        if self.options.free_ports:
            self.options = replace(self.options, ports=ports.around(self.options.ports, plan.needed(self.options)))
        return self._detached() if self.options.detach else self._stay()

    def down(self) -> bool:
        """End the supervisor, which ends the rest; then whatever an earlier, killed one may have left."""
        record = state.read(self.folder)
        if record is None:
            return False
        ran = record.supervised
        if processes.send(record.supervisor, signal.SIGTERM):
            self.say("asked it to stop: requests that were accepted are answered first")
            processes.wait_gone([record.supervisor], DOWN_SECONDS)
        processes.send(record.supervisor, signal.SIGKILL)
        left = self._sweep(record)
        state.forget(self.folder)
        return ran or left

    def status(self) -> StackStatus:
        """Each process as it answers at this moment."""
        record = state.read(self.folder)
        if record is None:
            return StackStatus(None)
        shown, blind = looking.look(record, self.options)
        if record.supervised:
            if record.phase == "running":
                return StackStatus("native", shown, problems=blind)
            return StackStatus("native", shown, f"the stack is {record.phase}")
        if not any(process.process and processes.alive(process.process) for process in record.processes):
            return StackStatus(None, note="the supervisor was killed; nothing of the stack runs any more")
        return StackStatus("native", shown, "the supervisor was killed, so nothing restarts what dies", blind)

    def kill(self, seconds: float) -> None:
        """Let the supervisor kill the service and keep it down for so long."""
        record = state.read(self.folder)
        if record is None or not record.supervised or record.find("serving") is None:
            raise StackError("no native stack runs", hints.command("up --native", self.options.home))
        state.ask_kill(self.folder, "serving", seconds)

    def _stay(self) -> int:
        with Wake(children=True) as wake, state.only_one(self.folder):
            before = state.read(self.folder)
            if before is not None:
                self._sweep(before)
            record = state.StackRecord(
                mode="native",
                phase="preparing",
                stamp=uuid.uuid4().hex,
                supervisor=this_process(),
                service=self.options.service,
                ports=asdict(self.options.ports),
                asked=plan.asked(self.options),
            )
            state.write(self.folder, record)
            try:
                supervisor = self._prepare(record, wake)
                if not wake.stop:
                    supervisor.run(wake, self._ready)
            finally:
                state.forget(self.folder)
        self.say("the stack is down")
        return 0

    def _prepare(self, record: state.StackRecord, wake: Wake) -> Supervisor:
        """Everything that can go wrong before the first process starts does so here."""
        options, home = self.options, self.options.home
        ports.check(options.ports, plan.needed(options))
        found = tools.ensure(home / "tools", self.say)
        told = prepare.described(options.service, home, options.own) if options.serve else self._nobody()
        if options.demo:
            prepare.train_if_missing(home, self.say, wake)
        self._configure(options, told, found["alertmanager"])
        for odd in (*self._doubts(told), *filter(None, map(targets.look, options.targets))):
            self.say(odd)
        environment = {**inherited_environment(), processes.STAMP: record.stamp, "PYTHONUNBUFFERED": "1"}
        programs = plan.programs(options, found)
        return Supervisor(programs, self.folder, replace(record, service_name=told.name), environment, self.say)

    def _configure(self, options: Options, told: prepare.Described, alertmanager: str) -> None:
        notifying = prepare.alertmanager_config(options, alertmanager, Path.cwd())
        gone = state.watched_before(self.folder, self._watched(told))
        config.write(self.folder, options.ports, told.name, notifying, options.own, told.owner, options.demo, gone)
        targets.write(self.folder / "prometheus.yml", options.targets, options.serve)

    def _again(self, record: state.StackRecord) -> int:
        """What `up` does where this very stack runs: its configuration is made anew and read without a restart."""
        differs = plan.differs(self.options, record.asked, Ports(**record.ports))
        if differs or record.phase != "running":
            raise state.already_running(record, self.options.home, differs)
        options = replace(self.options, ports=Ports(**record.ports))
        found = tools.ensure(options.home / "tools", self.say)
        told = prepare.described(options.service, options.home, options.own) if options.serve else self._nobody()
        self._configure(options, told, found["alertmanager"])
        for odd in self._doubts(told):
            self.say(odd)
        reload(record, options)
        self.say("the stack runs already: Prometheus and Alertmanager have read their configuration again")
        self.say(f"the service runs on as it is; {hints.command('down', options.home)}, then up, starts it anew")
        return 0

    def _doubts(self, told: prepare.Described) -> list[str]:
        """What is odd about the objectives, though it may be right."""
        return [*told.doubts, *slos.strangers(Path.cwd(), self._watched(told))]

    def _watched(self, told: prepare.Described) -> set[str]:
        """The services that this stack watches, its own and others."""
        return {told.name, *(target.service for target in self.options.targets)} - {""}

    def _nobody(self) -> prepare.Described:
        targets.forget(self.options.own, Path.cwd())
        return prepare.Described("")

    def _ready(self, seconds: float) -> None:
        self.say(f"\nall of it runs, after {seconds:.1f} s:\n")
        addresses = plan.addresses(self.options)
        width = max(len(url) for _, url, _ in addresses)
        for name, url, what in addresses:
            self.say(f"  {name:13} {url:{width}}  {what}")
        for note in plan.notes(self.options):
            self.say(f"\n{note}")
        down = hints.command("down", self.options.home)
        self.say(f"\n{f'Ctrl-C, or {down},' if sys.stdin.isatty() else down} takes it down.")

    def _detached(self) -> int:
        log = logs.log_path(self.folder, "supervisor")
        logs.begin(log)
        with log.open("ab") as output:
            child = subprocess.Popen(
                [sys.executable, "-m", "servewatch", *plan.arguments(replace(self.options, detach=False))],
                env={**inherited_environment(), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        with Wake(children=True) as wake, _followed(log, self.say) as follow:
            while not wake.stop:
                wake.wait(0.1)
                follow()
                if child.poll() is not None:
                    return child.returncode
                record = state.read(self.folder)
                if record is not None and record.supervisor.pid == child.pid and record.phase == "running":
                    follow()
                    child.returncode = 0  # it lives on: Popen must not complain that nobody waited for it
                    return 0
        child.terminate()
        child.wait(DOWN_SECONDS)
        return 1

    def _sweep(self, record: state.StackRecord) -> bool:
        recorded = [process.process for process in record.processes if process.process]
        left = {process for process in recorded if processes.alive(process)} | set(processes.stamped(record.stamp))
        left.discard(record.supervisor)
        if left:
            self.say(f"ending {len(left)} processes that a killed stack left")
            processes.end(left, 10.0)
        return bool(left)


@contextmanager
def _followed(log: Path, say: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Show what is written to a file, whole lines at a time."""
    rest = ""
    with log.open() as file:

        def follow() -> None:
            nonlocal rest
            *lines, rest = (rest + file.read()).split("\n")
            for line in lines:
                say(line)

        yield follow
