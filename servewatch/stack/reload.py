"""A stack that runs reads its configuration again: nothing is restarted, no scrape and no alert is lost."""

from __future__ import annotations

import re
import signal
import time
import urllib.request
from collections.abc import Callable

from servewatch.stack import hints, processes, state
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options

READERS = ("prometheus", "alertmanager")
SECONDS = 20.0


class ReloadRefused(StackError):
    """A program does not take its new configuration, and goes on with the one that it has."""

    code = "reload_refused"


def reload(
    record: state.StackRecord,
    options: Options,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Let Prometheus and Alertmanager read what was written; raise where one refuses it."""
    found = [process for process in map(record.find, READERS) if process is not None and process.process is not None]
    before = {process.name: _told(process) for process in found}
    for process in found:
        if process.process is None or not processes.send(process.process, signal.SIGHUP):
            raise ReloadRefused(f"{process.name} does not run", hints.command("status", options.home))
    until = clock() + SECONDS
    for process in found:
        while (now := _told(process)) == before[process.name] and clock() < until:
            wait(0.1)
        if now == before[process.name] or not now[0]:
            raise ReloadRefused(
                f"{process.name} does not take its new configuration, and goes on with the one it has",
                f"{hints.command(f'logs {process.name}', options.home)} says why",
            )


def _told(process: state.ProcessRecord) -> tuple[bool, str]:
    """Whether the last reading worked, and when one last did, by the program's own metrics."""
    try:
        with urllib.request.urlopen(f"{process.url}/metrics", timeout=5.0) as answer:
            text: str = answer.read().decode()
    except OSError as error:
        raise ReloadRefused(f"{process.name} cannot be asked: {error}", "servewatch status") from error
    name = f"^{process.name}_config_last_reload_success"
    well, at = re.search(rf"{name}ful (\S+)$", text, re.M), re.search(rf"{name}_timestamp_seconds (\S+)$", text, re.M)
    return well is not None and float(well[1]) == 1.0, at[1] if at else ""
