"""`make bench`: our server beside others, on the same model, payload and core, in interleaved rounds.

Compare the ratios; the figures themselves are this machine's.
"""

from __future__ import annotations

import argparse
import datetime
import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep

import client
import load
import numpy as np
import report
import uvloop
from contestants import APPS, CONTESTANTS, Contestant

HERE = Path(__file__).parent
ROOT = HERE.parent
VENVS = ROOT / ".bench"
PORT = 28100
LOADS = (("json c=1", "json", 1), ("json c=64", "json", 64), ("npy c=64", "npy", 64))
STEADY = 300
"""Requests a second that every contestant can serve."""


def python_of(contestant: Contestant) -> str:
    """The interpreter that a contestant runs in, made on first use."""
    if not contestant.needs:
        return sys.executable
    folder = VENVS / (contestant.venv or contestant.name)
    if not (folder / "ready").is_file():
        print(f"installing {', '.join(contestant.needs)} into {folder.relative_to(ROOT)}")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", *contestant.needs], check=True)
        (folder / "ready").touch()
    return str(folder / "bin" / "python")


def start(contestant: Contestant, core: str) -> subprocess.Popen[bytes]:
    """Start a server on one core and wait until it answers a request well."""
    words = {"python": python_of(contestant), "port": PORT, "metrics_port": PORT + 1}
    command = ["taskset", "-c", core, *(word.format(**words) for word in contestant.command)]
    environment = {**os.environ, "PYTHONPATH": f"{APPS}:{ROOT}", "OMP_NUM_THREADS": "1", **contestant.environment}
    if contestant.needs:
        environment["PYTHONPATH"] = str(APPS)
    return subprocess.Popen(command, cwd=APPS, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)


def wait(process: subprocess.Popen[bytes], url: str, body: bytes, seconds: float = 60.0) -> bytes:
    """The first good answer."""
    until = monotonic() + seconds
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    while monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            sleep(0.2)
    raise SystemExit(f"{url} did not answer within {seconds} s")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it started."""
    for signal in (15, 9):
        try:
            os.killpg(process.pid, signal)
            process.wait(timeout=15)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def bodies(contestant: Contestant) -> dict[str, tuple[bytes, str]]:
    """The same picture in each encoding that the contestant takes."""
    picture = np.round(np.random.default_rng(0).random((28, 28)), 4).astype(np.float32)
    text = "[" + ",".join("[" + ",".join(f"{value:.4f}" for value in row) + "]" for row in picture) + "]"
    found = {"json": (contestant.body(text).encode(), "application/json")}
    if contestant.npy:
        file = io.BytesIO()
        np.save(file, picture)
        found["npy"] = (file.getvalue(), "application/x-npy")
    return found


def measure(contestant: Contestant, seconds: int, cores: Sequence[str]) -> dict[str, load.Measured]:
    """One round of one contestant: warm up, then each load."""
    url, found = f"http://127.0.0.1:{PORT}{contestant.path}", {}
    process = start(contestant, cores[0])
    try:
        sent = bodies(contestant)
        wait(process, url, sent["json"][0])
        with tempfile.TemporaryDirectory() as folder:
            for title, encoding, connections in LOADS:
                if encoding in sent:
                    lua = load.script(Path(folder), encoding, *sent[encoding])
                    load.run(url, lua, connections, 1, cores[1])
                    found[title] = load.run(url, lua, connections, seconds, cores[1])
        found[f"json {STEADY}/s"] = steadily(contestant.path, *sent["json"], seconds)
    finally:
        stop(process)
    return found


def steadily(path: str, body: bytes, media: str, seconds: int) -> load.Measured:
    """The same request at a fixed rate, each timed from when it was due."""
    met = uvloop.run(client.open_loop(PORT, client.request(path, body, media), STEADY, seconds))
    good = met.count(200)
    return load.Measured(good / seconds, met.quantile(200, 0.5), met.quantile(200, 0.99), int(STEADY * seconds) - good)


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="of each load in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=[c.name for c in CONTESTANTS], help="these servers alone")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results.md and results.svg")
    given = parser.parse_args()
    if not shutil.which("wrk") or not shutil.which("taskset"):
        raise SystemExit("wrk and taskset are needed: apt-get install wrk util-linux")
    chosen = [c for c in CONTESTANTS if not given.only or c.name in given.only]
    results: dict[str, dict[str, list[load.Measured]]] = {c.name: {} for c in chosen}
    os.sched_setaffinity(0, {1})
    for number in range(given.rounds):
        for contestant in chosen:
            for title, measured in measure(contestant, given.seconds, ("0", "1")).items():
                results[contestant.name].setdefault(title, []).append(measured)
                shown = f"{measured.rate:9,.0f}/s  p99 {measured.p99:.1f} ms"
                print(f"round {number + 1}  {contestant.name:12} {title:10} {shown}")
    titles = {c.name: c.title for c in chosen}
    reference = "handwritten" if "handwritten" in results else chosen[0].name
    method = f"one core for the server; medians of {given.rounds} rounds of {given.seconds} s"
    note = f"{datetime.date.today()}, {cpu()}, {method}"
    text = report.table(results, titles, reference)
    print(f"\n{text}\n\n{note}")
    if given.write:
        (HERE / "results.md").write_text(f"# Results\n\n{text}\n\n{note}. Made by `make bench`.\n")
        (HERE / "results.svg").write_text(report.plot(results, titles, "json c=64", note))
    return 0


def cpu() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    sys.exit(main())
