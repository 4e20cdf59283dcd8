"""How a native stack is at this moment, and what to do about what is not well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from servewatch.stack import advice, health, hints, logs, processes, sight, state
from servewatch.stack.mode import Options, ProcessStatus


def look(record: state.StackRecord, options: Options) -> tuple[tuple[ProcessStatus, ...], tuple[str, ...]]:
    """Each process as it answers, and why monitoring is blind, if it is."""
    with ThreadPoolExecutor(max_workers=len(record.processes) + 1) as pool:
        problems = pool.submit(_blind, record, options)
        shown = tuple(pool.map(lambda process: _advised(process, options), record.processes))
        return shown, tuple(problems.result())


def _blind(record: state.StackRecord, options: Options) -> list[str]:
    prometheus, alertmanager = record.find("prometheus"), record.find("alertmanager")
    if prometheus is None or alertmanager is None:
        return []
    found = sight.blind(prometheus.url, alertmanager.url)
    known = advice.cause(_written(prometheus), str(options.folder)) if found else ""
    return [f"{problem}; {known}" if known else problem for problem in found]


def _advised(record: state.ProcessRecord, options: Options) -> ProcessStatus:
    found = _look(record)
    if found.healthy:
        return found
    command = hints.command(f"logs {record.name}", options.home)
    port = str(urlsplit(record.url).port or "")
    told = advice.advise(found.detail, _written(record), str(options.folder), port, command)
    return replace(found, advice=told)


def _written(record: state.ProcessRecord) -> str:
    return "\n".join(logs.last(Path(record.log)))


def _look(record: state.ProcessRecord) -> ProcessStatus:
    if record.process is None or not processes.alive(record.process):
        gone = record.detail if record.process is None else "it is gone"
        return ProcessStatus(record.name, record.url, False, gone, record.log)
    heartbeat = Path(record.heartbeat)
    problem = health.answers(record.health) if record.health else health.beats(heartbeat) if record.heartbeat else ""
    told = health.told(heartbeat) if record.heartbeat else ""
    past = "; ".join(part for part in record.detail.split("; ") if part.startswith("restarted"))
    detail = "; ".join(filter(None, [problem or told or "running", past]))
    return ProcessStatus(record.name, record.url, not problem, detail, record.log, record.process.pid)
