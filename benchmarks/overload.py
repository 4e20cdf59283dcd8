"""512 clients that never let up: what those who are let in get, what the others are told, what it costs.

    python benchmarks/overload.py            # our server alone, with the default queue and with a short one
"""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

import client
import uvloop
from contestants import CONTESTANTS
from run import PORT, bodies, start, stop, wait

OURS = next(contestant for contestant in CONTESTANTS if contestant.name == "servewatch")
BEST_AT = 64


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def trial(queue_rows: int, connections: int, seconds: float) -> str:
    """One server with so long a queue: its best at 64 connections, then all of them at once. A row of the table."""
    os.environ["SERVEWATCH_MAX_QUEUE_ROWS"] = str(queue_rows)
    process = start(OURS, "0")
    os.sched_setaffinity(0, {1})
    try:
        body, media = bodies(OURS)["npy"]
        wait(process, f"http://127.0.0.1:{PORT}{OURS.path}", bodies(OURS)["json"][0])
        sent = client.request(OURS.path, body, media)
        uvloop.run(client.closed_loop(PORT, sent, BEST_AT, 2))
        best = uvloop.run(client.closed_loop(PORT, sent, BEST_AT, seconds / 5)).count(200) / (seconds / 5)
        before = memory(process.pid)
        met = uvloop.run(client.closed_loop(PORT, sent, connections, seconds))
        grown = memory(process.pid) - before
    finally:
        stop(process)
    good = met.count(200) / seconds
    odd = sum(len(taken) for status, taken in met.seconds.items() if status not in (200, 503)) + met.lost
    return (
        f"| {queue_rows} | {good:,.0f} | {good / best:.2f} | {met.quantile(200, 0.99):.0f} "
        f"| {met.count(503) / seconds:,.0f} | {met.quantile(503, 0.99):.0f} | {odd} | {grown:+.0f} |"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--queue-rows", type=int, nargs="*", default=[1024, 128])
    given = parser.parse_args()
    print(
        "| queue, rows | good answers/s | share of the best | their p99 ms | 503/s | their p99 ms | other | memory, MB |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for rows in given.queue_rows:
        print(trial(rows, given.connections, given.seconds), flush=True)


if __name__ == "__main__":
    main()
