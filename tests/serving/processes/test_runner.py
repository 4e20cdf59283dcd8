from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

LONGEST = 3.0
"""Seconds that no request may take, restart included."""


class Watch:
    """Scrapes all the time, and keeps what went back."""

    def __init__(self, served: Any, *names: str) -> None:
        self._served, self._names = served, names
        self.backwards: list[tuple[str, float, float]] = []
        self.scrapes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        highest: dict[str, float] = {}
        while not self._stop.is_set():
            page = self._served.page()
            self.scrapes += 1
            for name in self._names:
                seen = self._served.total(page, name)
                if seen < highest.get(name, 0.0):
                    self.backwards.append((name, highest[name], seen))
                highest[name] = seen

    def end(self) -> list[tuple[str, float, float]]:
        self._stop.set()
        self._thread.join()
        return self.backwards


COUNTED = (
    "servewatch_requests_total",
    "servewatch_runner_requests_total",
    "servewatch_runner_batch_size_sum",
    "servewatch_request_duration_seconds_count",
    "process_cpu_seconds_total",
    "seen_total",
)


def test_a_killed_runner_costs_a_few_503_and_no_request_hangs(
    whole: Callable[..., Any], load: Callable[..., Any], eventually: Any
) -> None:
    """kill -9 of the only runner under load: 503 only, until it is back; where it is safe, requests are sent again."""
    served = whole()
    watch = Watch(served, *COUNTED)
    plain, safe = load(served, "/slow", 8), load(served, "/again", 8)
    eventually(lambda: plain.codes[200] >= 40 and safe.codes[200] >= 40, 20)
    (runner,) = served.children("runner")
    os.kill(runner, signal.SIGKILL)
    eventually(lambda: served.status("/readyz") == 503, 5)
    assert b"is down" in served.ask("GET", "/readyz")[1] or served.ready()
    eventually(served.ready, 10)
    back, answered = time.monotonic(), plain.codes[200]
    eventually(lambda: plain.codes[200] >= answered + 40 and safe.codes[200] >= 80, 20)
    assert set(plain.stop()) == {200, 503}
    assert set(safe.stop()) <= {200, 503}
    assert max(plain.last_trouble, safe.last_trouble) < back + 2
    assert max(plain.slowest, safe.slowest) < LONGEST
    assert (plain.wrong, safe.wrong, watch.end()) == ([], [], [])
    assert watch.scrapes > 5


def test_what_may_be_run_twice_goes_to_the_other_runner(
    whole: Callable[..., Any], load: Callable[..., Any], eventually: Any
) -> None:
    """With two runners, both work, readiness stays, and no client of a retry=True method sees that one was killed."""
    served = whole(1, 2)
    eventually(lambda: len(served.children("runner")) == 2)
    safe = load(served, "/again", 16)
    eventually(lambda: safe.codes[200] >= 64, 20)
    os.kill(served.children("runner")[0], signal.SIGKILL)
    assert served.ready()
    answered = safe.codes[200]
    eventually(lambda: safe.codes[200] >= answered + 64, 20)
    assert set(safe.stop()) == {200}
    assert safe.wrong == []


def test_requests_that_clients_gave_up_are_cancelled_in_the_runner(fleet: Any, eventually: Any) -> None:
    """Clients that leave while they wait count as cancelled there, and their places are used again."""
    counted = {"runner": "wait", "outcome": "cancelled"}
    before = fleet.value("servewatch_runner_requests_total", **counted)
    body = b"[" + b",".join([b"[1,2,3]"] * 16) + b"]"
    head = b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    for _ in range(3):
        clients = [fleet.connect() for _ in range(20)]
        for client in clients:
            client.sendall(head + body)
        for client in clients:
            client.close()
    eventually(lambda: fleet.value("servewatch_runner_requests_total", **counted) >= before + 40, 10)
    eventually(lambda: fleet.value("servewatch_runner_queue_requests") == 0, 10)
    assert fleet.post("/slow", body)[0] == 200


def test_a_deadline_holds_over_both_processes(fleet: Any, eventually: Any) -> None:
    """A request whose time runs out in the runner's queue is a 504 for its client and expired for its runner."""
    before = fleet.value("servewatch_runner_requests_total", runner="wait", outcome="expired")
    threads = [threading.Thread(target=fleet.post, args=("/slow", b"[" + b"[1,2,3]," * 400 + b"[1,2,3]]"))]
    threads[0].start()
    eventually(lambda: fleet.value("servewatch_runner_queue_requests", runner="wait") > 0, 5)
    headers = {"content-type": "application/json", "request-timeout": "0.1"}
    assert fleet.post("/slow", **headers)[0] == 504
    eventually(
        lambda: fleet.value("servewatch_runner_requests_total", runner="wait", outcome="expired") == before + 1, 5
    )
    threads[0].join()
