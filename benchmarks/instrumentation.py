"""What measuring a request costs: the CPU time of a service's app with its instruments, without them, and with traces.

Run it with `python -m benchmarks.instrumentation`. Requests go into the app itself, without a socket, so that little
else is in the figures. The ways to run are taken in turn, and of each that round counts which was disturbed least.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry

from monitoring import Metrics
from monitoring.tracing import setup
from serving import api, batched, service
from serving.app import App
from serving.exchange import LINK
from serving.lifecycle import Lifecycle
from serving.logs import AccessLog
from serving.service import definition
from serving.settings import Settings
from serving.tracks import Tracks

SAMPLED = (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
UNSAMPLED = (b"traceparent", SAMPLED[1][:-1] + b"0")
BUDGET = 15.0
"""Microseconds that all metrics of a request may take, with an exemplar."""

SINK = """
import http.server, sys
class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
print(server.server_port, flush=True)
server.serve_forever()
"""


@service
class Small:
    """Does nearly nothing, so that what is around it shows."""

    @batched
    def same(self, rows: np.ndarray) -> np.ndarray:
        return rows

    @api
    async def direct(self, text: str) -> str:
        """Answers on the event loop."""
        return text

    @api
    async def through_the_queue(self, text: str) -> str:
        """Answers by way of a batch."""
        return str(len(await self.same(np.zeros((1, 2)))))


class Nothing:
    """A metric that nobody keeps."""

    def inc(self, amount: float = 1) -> None: ...
    def dec(self, amount: float = 1) -> None: ...
    def set(self, value: float) -> None: ...
    def set_function(self, function: object) -> None: ...
    def observe(self, amount: float, exemplar: object = None) -> None: ...
    def observe_all(self, amounts: object) -> None: ...


class NoMetrics(Metrics):
    """A service's metrics, but that there are none."""

    def counter(self, *_: Any, **labels: str) -> Any:
        return Nothing()

    gauge = histogram = counter


class Connection:
    """What a connection of the server's tells its request, and what the request gives it to write."""

    late = False
    leaving = None

    def __init__(self, codes: set[int]) -> None:
        self._codes = codes

    def answer(self, scope: Any, headers_and_body: bytes, alone: bool) -> bool:
        """Taken, as by a client that reads."""
        self._codes.add(200)
        return True


@dataclass
class Way:
    """One way to run the service."""

    name: str
    measured: bool = True
    sample: float | None = None
    access: bool = False
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def begin(self, collector: str) -> None:
        """Start it."""
        metrics = (Metrics if self.measured else NoMetrics)(CollectorRegistry(), {"service": "small", "version": "1"})
        self.lifecycle = Lifecycle(definition(Small), Settings.load({}, warmup="off"), metrics)
        self.app = App(_nowhere, self.lifecycle, metrics)
        self.lifecycle.begin()
        await asyncio.wait(self.lifecycle._tasks, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        if self.sample is not None:
            tracing = setup(
                "small",
                endpoint=collector,
                sample=self.sample,
                metrics=Metrics(metrics.registry, {"service": "small", "version": "1"}),
            )
            self.lifecycle.tracks = Tracks(tracing)
        if self.access:
            self.lifecycle.tracks = Tracks(None, AccessLog(len))

    async def spend(self, path: str, requests: int) -> float:
        """Microseconds of CPU for each of so many requests."""
        self.codes = set[int]()
        scope = self._scope(path)
        began = time.process_time()
        for _ in range(requests):
            await self.app(scope, _receive, self._send)
        if self.codes != {200}:
            raise RuntimeError(f"{path} answered {self.codes}, expected 200")
        return (time.process_time() - began) / requests * 1e6

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.codes.add(message["status"])

    def _scope(self, path: str) -> dict[str, Any]:
        headers = [(b"host", b"x"), (b"content-type", b"text/plain"), (b"content-length", b"2"), *self.headers]
        state = {LINK: Connection(self.codes)}
        return {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers, "state": state}


async def _nowhere(scope: Any, receive: Any, send: Any) -> None: ...
async def _receive() -> Any:
    return {"type": "http.request", "body": b"hi", "more_body": False}


def ways() -> Sequence[Way]:
    """Those that are compared; the first is what the others are compared with."""
    return (
        Way("metrics (as by default)"),
        Way("no metrics", measured=False),
        Way("metrics with exemplar", headers=(SAMPLED,)),
        Way("traces, share 0", sample=0.0),
        Way("traces, share 0, caller says no", sample=0.0, headers=(UNSAMPLED,)),
        Way("traces, share 0.01", sample=0.01),
        Way("traces, share 1", sample=1.0),
        Way("line of JSON a request", access=True),
    )


async def measure(collector: str, rounds: int, requests: int) -> dict[str, dict[str, list[float]]]:
    """CPU time a request, by endpoint and way, in each round."""
    compared = ways()
    for way in compared:
        await way.begin(collector)
    gc.collect()
    gc.freeze()
    found: dict[str, dict[str, list[float]]] = {}
    for path in ("/direct", "/through_the_queue"):
        taken = found[path] = {way.name: [] for way in compared}
        for number in range(rounds + 1):
            for way in compared:
                spent = await way.spend(path, requests)
                if number:  # the first round warms up
                    taken[way.name].append(spent)
    for way in compared:
        await way.lifecycle.end()
    return found


def report(path: str, taken: Mapping[str, Sequence[float]]) -> str:
    """The table of one endpoint, and what the instruments take of it."""
    least = {name: min(spent) for name, spent in taken.items()}
    first = next(iter(least))
    lines = [f"{path[1:].replace('_', ' ')}", f"  {'':32} {'us CPU':>8} {'ratio':>7} {'more us':>8}"]
    lines += [
        f"  {name:32} {spent:8.1f} {spent / least[first]:7.3f} {spent - least[first]:8.2f}"
        for name, spent in least.items()
    ]
    whole = least["metrics with exemplar"] - least["no metrics"]
    verdict = "within" if whole <= BUDGET else "OVER"
    lines.append(
        f"  all metrics of a request, with exemplar: {whole:.1f} us ({verdict} the {BUDGET:g} us that it may take)"
    )
    return "\n".join(lines)


@contextmanager
def collecting() -> Any:
    """A collector in another process, which throws away what comes."""
    with subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True) as sink:
        try:
            yield f"http://127.0.0.1:{sink.stdout.readline().strip()}"
        finally:
            sink.kill()


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--requests", type=int, default=1000, help="of each way in each round")
    given = options.parse_args()
    with collecting() as collector:
        found = asyncio.run(measure(collector, given.rounds, given.requests))
    print("\n\n".join(report(path, taken) for path, taken in found.items()))


if __name__ == "__main__":
    main()
