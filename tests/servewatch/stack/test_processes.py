"""Processes are told apart by more than their pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from servewatch.stack.processes import STAMP, Identity, alive, end, identify, send, stamped, wait_gone

DEAF = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as process:
        yield process
        process.kill()


def test_same_process_is_the_same_identity(child: subprocess.Popen[bytes]) -> None:
    """A process keeps its identity while it lives, and no other has it."""
    first = identify(child.pid)
    assert first is not None
    assert first == identify(child.pid)
    assert first != identify(os.getpid())
    assert alive(first)


def test_dead_process_is_not_alive_even_before_it_is_waited_for(child: subprocess.Popen[bytes]) -> None:
    """What is left of a process that ended is not taken for a running one."""
    identity = identify(child.pid)
    assert identity is not None
    child.kill()
    assert wait_gone([identity], 5.0) == []
    assert identify(child.pid) is None


def test_recycled_pid_is_never_signalled(child: subprocess.Popen[bytes]) -> None:
    """A pid that now belongs to a process born at another time is left alone."""
    now = identify(child.pid)
    assert now is not None
    before = Identity(child.pid, now.born + "0")
    assert not send(before, signal.SIGKILL)
    assert end([before], 0.1) == []
    assert alive(now)
    assert child.poll() is None


def test_signal_to_nobody_is_no_error() -> None:
    """A pid that nobody has is told as gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        identity = identify(gone.pid) or Identity(gone.pid, "ended at once")
    assert not send(identity, signal.SIGTERM)


def test_end_kills_what_does_not_listen() -> None:
    """A process that ignores SIGTERM is killed once its time is over, and the answer says so."""
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout is not None
        deaf.stdout.readline()
        identity = identify(deaf.pid)
        assert identity is not None
        assert end([identity], 0.2) == [identity]
        assert deaf.wait(5) == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of processes, in /proc")
def test_stamp_finds_a_process_by_what_it_inherited() -> None:
    """A process is found by the stamp in its environment, whoever started it."""
    stamp = uuid.uuid4().hex
    assert stamped(stamp) == []
    with subprocess.Popen(
        [sys.executable, "-c", DEAF], stdout=subprocess.PIPE, env={**os.environ, STAMP: stamp}
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = stamped(stamp)
        child.kill()
    assert [process.pid for process in found] == [child.pid]
