"""512 clients that never let up: what those who are let in get, what the others are told, what it costs.

python benchmarks/overload.py    # our server, with the default queue and with a short one, and what connections cost
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import client
import load
import uvloop
from contestants import CONTESTANTS, Contestant
from run import PORT, bodies, start, stop, wait

OURS = next(contestant for contestant in CONTESTANTS if contestant.name == "servewatch")
BARE = next(contestant for contestant in CONTESTANTS if contestant.name == "constant")
BEST_AT = 64


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def attack(
    contestant: Contestant, process: subprocess.Popen[bytes], connections: int, seconds: int
) -> tuple[load.Measured, load.Measured, float]:
    """One server's best at 64 connections, and what it does with all of them; its memory between the two."""
    body, media = bodies(contestant)["npy"]
    url = f"http://127.0.0.1:{PORT}{contestant.path}"
    wait(process, url, bodies(contestant)["json"][0])
    with tempfile.TemporaryDirectory() as folder:
        lua = load.script(Path(folder), "npy", body, media)
        load.run(url, lua, BEST_AT, 2, "1")
        best = load.run(url, lua, BEST_AT, max(2, seconds // 5), "1")
        before = memory(process.pid)
        return best, load.run(url, lua, connections, seconds, "1"), before


def trial(queue_rows: int, connections: int, seconds: int) -> str:
    """One server with so long a queue: its best at 64 connections, then all of them at once. A row of the table.

    wrk counts answers, for it can ask faster than any server here answers; then our client times each kind.
    """
    os.environ["SERVEWATCH_MAX_QUEUE_ROWS"] = str(queue_rows)
    process = start(OURS, "0")
    try:
        best, met, before = attack(OURS, process, connections, seconds)
        body, media = bodies(OURS)["npy"]
        refused = met.failed / seconds
        timed = uvloop.run(client.closed_loop(PORT, client.request(OURS.path, body, media), connections, 5.0))
        grown = memory(process.pid) - before
    finally:
        stop(process)
    good = met.rate - refused
    odd = sum(len(taken) for status, taken in timed.seconds.items() if status not in (200, 503)) + timed.lost
    return (
        f"| {queue_rows} | {good:,.0f} | {good / best.rate:.2f} | {timed.quantile(200, 0.99):.0f} "
        f"| {refused:,.0f} | {timed.quantile(503, 0.99):.0f} | {odd} | {grown:+.0f} |"
    )


def ceiling(connections: int, seconds: int) -> str:
    """What a bare ASGI app keeps, that answers a constant: so much do the connections alone cost."""
    process = start(BARE, "0")
    try:
        best, met, _ = attack(BARE, process, connections, seconds)
    finally:
        stop(process)
    return f"A bare ASGI app that answers a constant keeps {met.rate / best.rate:.2f} of its best."


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=512)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--queue-rows", type=int, nargs="*", default=[1024, 128])
    given = parser.parse_args()
    print(
        "| queue, rows | good answers/s | share of best | their p99 ms | 503/s | their p99 ms | other | memory, MB |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for rows in given.queue_rows:
        print(trial(rows, given.connections, given.seconds), flush=True)
    print(f"\n{ceiling(given.connections, given.seconds)}")


if __name__ == "__main__":
    main()
