"""monitoring/instrument/processes.py: several processes of one app show one truthful page."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from flask import Flask
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from monitoring import instrument
from monitoring.drift import Watcher
from monitoring.instrument.processes import ENDED
from monitoring.reference import learn
from tests.monitoring.instrument.fellow import counting
from tests.servewatch.stack.stacks import wait_for


class Crew:
    """Processes that count in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.context = folder, multiprocessing.get_context("spawn")
        self.members: list[tuple[Any, Connection]] = []

    def add(self, count: int) -> int:
        """One more, which counts so many at once; its place."""
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=counting, args=(self.folder, theirs), daemon=True)
        process.start()
        self.members.append((process, ours))
        self.ask(-1, count)
        return len(self.members) - 1

    def ask(self, at: int, order: Any) -> Any:
        connection = self.members[at][1]
        connection.send(order)
        assert connection.poll(20)
        return connection.recv()

    def kill(self, at: int) -> None:
        process = self.members[at][0]
        os.kill(process.pid, signal.SIGKILL)
        process.join(20)


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    made = Crew(tmp_path / "shop")
    yield made
    for process, _ in made.members:
        process.kill()
        process.join(20)


def test_any_process_shows_the_sum_and_no_sum_goes_down_when_one_is_killed(crew: Crew) -> None:
    """Counters of all, also of a process that was killed; gauges of those that live; counted once by whoever asks."""
    for count in (1, 10, 100):
        crew.add(count)
    assert [crew.ask(at, "sum") for at in range(3)] == [{"orders_total": 111, "level": 111}] * 3
    crew.kill(1)
    assert [crew.ask(at, "sum")["orders_total"] for at in (0, 2, 0)] == [111] * 3
    assert crew.ask(0, "sum")["level"] == 101
    crew.add(1000)
    assert crew.ask(0, "sum") == {"orders_total": 1111, "level": 1101}
    crew.ask(0, 5)
    assert crew.ask(2, "sum")["orders_total"] >= 1111


def test_what_ended_leaves_one_file_however_many_there_were(crew: Crew) -> None:
    """The folder does not grow with restarts."""
    crew.add(1)
    for _ in range(3):
        crew.kill(crew.add(1))
    assert crew.ask(0, "sum")["orders_total"] == 4
    assert len(list(crew.folder.glob("*-*.json"))) == 1
    assert (crew.folder / ENDED).is_file()


def test_a_run_after_all_have_ended_begins_anew(crew: Crew) -> None:
    """As any service that was started again: the counts of the run before are no part of this one."""
    crew.kill(crew.add(7))
    crew.add(1)
    assert crew.ask(-1, "sum")["orders_total"] == 1


def test_a_process_is_seen_by_others_within_a_second_of_what_it_counted(crew: Crew) -> None:
    """Without being asked, a process writes down what it has counted."""
    crew.add(1)
    crew.add(1)
    crew.ask(0, 50)
    assert wait_for(lambda: crew.ask(1, "sum")["orders_total"] == 52)


@pytest.mark.parametrize("together", [True, False])
def test_watched_rows_are_counted_once(tmp_path: Path, together: bool) -> None:
    """What watchers count in a folder of their own is the whole already; what each counts for itself is added up."""
    reference, clients = learn({"age": np.arange(100.0)}), []
    for _ in range(2):
        registry = CollectorRegistry()
        app = instrument(FastAPI(), service="shop", registry=registry, processes=tmp_path / "shop")
        shared = tmp_path / "counts" if together else None
        with Watcher(reference, model="loans", registry=registry, shared=shared) as watcher:
            watcher.observe({"age": [1.0, 2.0]})
        clients.append(TestClient(app))
        clients[-1].get("/nowhere")
    for client in (clients[1], clients[0]):
        lines = client.get("/metrics").text.splitlines()
        counted = [line for line in lines if line.startswith("servewatch_feature_observations_total{")]
        assert sum(float(line.split()[-1]) for line in counted) == 4
        assert len(counted) == 13


@pytest.mark.parametrize("make", [lambda: FastAPI(), lambda: Flask("shop")], ids=["fastapi", "flask"])
def test_an_app_shows_what_its_fellows_counted(tmp_path: Path, make: Callable[[], Any]) -> None:
    """With processes=, /metrics of one app has the requests of another that shares the folder."""
    clients = []
    for _ in range(2):
        app = instrument(make(), service="shop", registry=CollectorRegistry(), processes=tmp_path / "shop")
        clients.append(app.test_client() if isinstance(app, Flask) else TestClient(app))
    answers = [client.get("/nowhere") for client in clients]
    assert all(answer.text for answer in answers)
    pages = [client.get("/metrics").text for client in (*clients, clients[0])]
    assert 'servewatch_requests_total{code="404",endpoint="unknown",service="shop",version="0' in pages[-1]
    counted = [float(line.split()[-1]) for line in pages[-1].splitlines() if 'code="404"' in line and "_total" in line]
    assert counted == [2.0]
