"""512 clients that never let up: what those who are let in get, what the others are told, what it costs.

python benchmarks/overload.py    # our server, with the default queue and with a short one, and what connections cost
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import client
import load
import uvloop
from contestants import CONTESTANTS, Contestant
from run import PORT, bodies, start, stop, wait

OURS = next(contestant for contestant in CONTESTANTS if contestant.name == "servewatch")
BARE = next(contestant for contestant in CONTESTANTS if contestant.name == "constant")
BEST_AT = 64
SECONDS = 3


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True)
class Turn:
    """One load of a server: what wrk saw, and the processor time that each answer took, in microseconds."""

    met: load.Measured
    cost: float

    @property
    def refused(self) -> float:
        """Refusals a second."""
        return self.met.failed / SECONDS

    @property
    def good(self) -> float:
        """Good answers a second."""
        return self.met.rate - self.refused


@dataclass(frozen=True)
class Attack:
    """What one server did, round by round: at its best with 64 connections, and right after with all of them."""

    best: list[Turn]
    full: list[Turn]
    before: float

    @property
    def share(self) -> float:
        """Of the best of the same round: a host that is busier for a while is so for both."""
        return median(full.good / best.good for best, full in zip(self.best, self.full, strict=True))

    @property
    def costs(self) -> str:
        """Processor time an answer, at the best and with all."""
        return " to ".join(f"{median(turn.cost for turn in turns):.0f}" for turns in (self.best, self.full))


def attack(contestant: Contestant, process: subprocess.Popen[bytes], connections: int, rounds: int) -> Attack:
    """Ask one server in turns with 64 connections and with all."""
    body, media = bodies(contestant)["npy"]
    url = f"http://127.0.0.1:{PORT}{contestant.path}"
    wait(process, url, bodies(contestant)["json"][0])

    def turn(connections: int) -> Turn:
        before = cpu(process.pid)
        met = load.run(url, lua, connections, SECONDS, "1")
        return Turn(met, (cpu(process.pid) - before) / (met.rate * SECONDS) * 1e6)

    with tempfile.TemporaryDirectory() as folder:
        lua = load.script(Path(folder), "npy", body, media)
        load.run(url, lua, BEST_AT, 2, "1")
        before = memory(process.pid)
        turns = [(turn(BEST_AT), turn(connections)) for _ in range(rounds)]
    return Attack([best for best, _ in turns], [full for _, full in turns], before)


def trial(queue_rows: int, connections: int, rounds: int) -> str:
    """One server with so long a queue: its best at 64 connections, then all of them at once. A row of the table.

    wrk counts answers, for it can ask faster than any server here answers; then our client times each kind.
    """
    os.environ["SERVEWATCH_MAX_QUEUE_ROWS"] = str(queue_rows)
    process = start(OURS, "0")
    try:
        seen = attack(OURS, process, connections, rounds)
        body, media = bodies(OURS)["npy"]
        timed = uvloop.run(client.closed_loop(PORT, client.request(OURS.path, body, media), connections, 5.0))
        grown = memory(process.pid) - seen.before
    finally:
        stop(process)
    odd = sum(len(taken) for status, taken in timed.seconds.items() if status not in (200, 503)) + timed.lost
    good, refused = (median(getattr(turn, kind) for turn in seen.full) for kind in ("good", "refused"))
    p99, refused_p99 = (timed.quantile(status, 0.99) for status in (200, 503))
    return (
        f"| {queue_rows} | {good:,.0f} | {seen.share:.2f} | {p99:.0f} | {refused:,.0f} | {refused_p99:.0f} "
        f"| {odd} | {grown:+.0f} | {seen.costs} |"
    )


def ceiling(connections: int, rounds: int) -> str:
    """What a bare ASGI app keeps, that answers a constant: so much do the connections alone cost."""
    process = start(BARE, "0")
    try:
        seen = attack(BARE, process, connections, rounds)
    finally:
        stop(process)
    return f"A bare ASGI app that answers a constant keeps {seen.share:.2f} of its best, at {seen.costs} us an answer."


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=512)
    parser.add_argument(
        "--rounds", type=int, default=10, help=f"of {SECONDS} s with few connections and {SECONDS} with all"
    )
    parser.add_argument("--queue-rows", type=int, nargs="*", default=[1024, 128])
    given = parser.parse_args()
    print(
        "| queue, rows | good answers/s | share of best | their p99 ms | 503/s | their p99 ms | other | memory, MB "
        "| CPU us an answer |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for rows in given.queue_rows:
        print(trial(rows, given.connections, given.rounds), flush=True)
    print(f"\n{ceiling(given.connections, given.rounds)}")


if __name__ == "__main__":
    main()
