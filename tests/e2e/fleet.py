"""Replicas of the demo service over one store, and a Prometheus that watches them in compressed time."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from examples.fashion.data import digits
from servewatch.traffic.pictures import Labels, Pictures
from servewatch.traffic.samples import npy
from tests.alerts.drift.prometheus import ask
from tests.e2e.checks import ROOT, answer
from tests.prometheus import started
from tests.servewatch.console.serving import answers
from tests.servewatch.stack.stacks import free_port, wait_for

SCRAPE = "500ms"
TIME = {
    "SERVEWATCH_DRIFT_STEP": "2s",
    "SERVEWATCH_DRIFT_WINDOWS": "6s 24s",
    "SERVEWATCH_DRIFT_SCRAPE": SCRAPE,
    # A month of real time is 3,600 of the months of this clock.
    "SERVEWATCH_DRIFT_FALSE_PAGES": "100",
}
"""An hour is 6 seconds, a day 24: the settings that a user has for it."""

HOUR, DAY = "6s", "24s"


def command(home: Path, *words: str) -> list[str]:
    """A command of ours, as a user types it."""
    # Threads of PyTorch that wait for each other make training on a busy machine many times as long.
    told = (f"SERVEWATCH_HOME={home}", f"PYTHONPATH={ROOT}", "OMP_NUM_THREADS=1")
    return ["env", *told, sys.executable, "-m", *words]


@dataclass
class Replica:
    """One process that serves the model."""

    process: subprocess.Popen[bytes]
    port: int
    metrics: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def predict(self, pictures: Pictures) -> tuple[str, Labels]:
        """The id of its answer, and the class of each picture."""
        headers, told = answer(self.url, npy(pictures))
        return headers["X-Prediction-Id"], np.array([one["index"] for one in told])


@dataclass
class Fleet:
    """Several replicas, the pictures that they are shown, and how often they were right."""

    home: Path
    replicas: list[Replica] = field(default_factory=list)
    pictures: Pictures = field(default_factory=lambda: digits().test_images.astype(np.float32))
    labels: Labels = field(default_factory=lambda: digits().test_labels.astype(np.int64))
    chance: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    right: int = 0
    rows: int = 0

    def __post_init__(self) -> None:
        """Replicas take turns."""
        self.turns: Iterator[Replica] = itertools.cycle(self.replicas)

    def drawn(self, rows: int, pictures: Pictures) -> Iterator[Pictures]:
        """So many pictures, drawn by chance, in requests of ten."""
        chosen = pictures[self.chance.integers(0, len(pictures), rows)]
        yield from np.split(chosen, range(10, rows, 10))

    def play(self, rows: int, until: Callable[[], object], seconds: float) -> Any:
        """Show test pictures, so many ten times a second, until something is so; what it was."""
        end, pause = time.monotonic() + seconds, threading.Event()
        while not (found := until()):
            if time.monotonic() > end:
                raise AssertionError(f"not so within {seconds} s of traffic: {until}")
            chosen = self.chance.integers(0, len(self.pictures), rows)
            _, told = next(self.turns).predict(self.pictures[chosen])
            self.right += int((told == self.labels[chosen]).sum())
            self.rows += rows
            pause.wait(0.1)
        return found


@contextlib.contextmanager
def serving(home: Path, number: int = 3) -> Iterator[Fleet]:
    """A trained model, and so many replicas that are ready to serve it."""
    trained = command(home, "examples.fashion.train", "--epochs", "10")
    told = subprocess.run(trained, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert told.returncode == 0, told.stderr
    replicas = [_replica(home) for _ in range(number)]
    try:
        for replica in replicas:
            wait_for(lambda replica=replica: answers(f"{replica.url}/readyz"), 90)
        yield Fleet(home, replicas)
    finally:
        for replica in replicas:
            replica.process.terminate()
        for replica in replicas:
            replica.process.wait(40)


def _replica(home: Path) -> Replica:
    port, metrics = free_port(), free_port()
    words = ("servewatch", "serve", "examples.fashion.service:Fashion", f"--port={port}", f"--metrics-port={metrics}")
    with (home / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command(home, *words), cwd=ROOT, stdout=log, stderr=log)
    return Replica(process, port, metrics)


def generated(folder: Path) -> list[Path]:
    """The rule files of drift and quality as `servewatch generate` writes them in compressed time."""
    argv = [sys.executable, "-m", "servewatch", "generate", "--to", str(folder)]
    told = subprocess.run(argv, cwd=ROOT, env=os.environ | TIME, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stdout + told.stderr
    return [folder / "alerts" / "generated" / f"{topic}.rules.yml" for topic in ("drift", "quality")]


@contextlib.contextmanager
def watched(folder: Path, rules: list[Path], fleet: Fleet) -> Iterator[str]:
    """The address of a Prometheus that knows nothing yet: each replica is scraped, one of them for the reference."""
    targets = [f"127.0.0.1:{replica.metrics}" for replica in fleet.replicas]
    jobs = [
        {"job_name": "serving", "static_configs": [{"targets": targets}]},
        {"job_name": "reference", "static_configs": [{"targets": targets[:1]}], "metrics_path": "/metrics/reference"},
    ]
    pace = {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": "1s"}
    config = {
        "global": pace,
        "rule_files": [str(rule) for rule in rules],
        "scrape_configs": [{"honor_labels": True, **job} for job in jobs],
    }
    folder.mkdir()
    with started(folder, config) as url:
        yield url


def one(url: str, query: str) -> float:
    """The only value that a query has."""
    ((_, value),) = ask(url, query)
    return value
