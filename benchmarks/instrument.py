"""What instrumenting a request costs: ours beside prometheus-fastapi-instrumentator, in one process.

.bench/plain/bin/python benchmarks/instrument.py [--rounds 15] [--routes 20]

Any Python in which both are installed will do. The same FastAPI app three times: bare, with the other (in-progress
gauge too, as ours has one), with ours. Requests are handed to the app without a socket, so that what is measured is
CPU time of a request and nothing else; rounds are interleaved, and the ratio is that of the medians of what each adds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from fastapi import FastAPI
from fastapi.responses import Response
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator

from monitoring import instrument

REQUESTS = 2000
EXEMPLAR = "servewatch, with an exemplar"
HEADERS = [(b"host", b"localhost"), (b"user-agent", b"bench"), (b"accept", b"*/*"), (b"content-length", b"0")]
SAMPLED = [*HEADERS, (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]


def make(routes: int) -> FastAPI:
    """An app with so many routes; the last one is asked."""
    app = FastAPI()

    async def answer(id: str) -> Response:
        return Response(b"ok")

    for at in range(routes):
        app.get(f"/things{at}/{{id}}")(answer)
    return app


def contestants(routes: int) -> dict[str, FastAPI]:
    """The app in its three forms."""
    other = make(routes)
    Instrumentator(
        should_instrument_requests_inprogress=True, inprogress_labels=True, registry=CollectorRegistry()
    ).instrument(other)
    ours = instrument(make(routes), service="bench", registry=CollectorRegistry())
    return {"bare": make(routes), "prometheus-fastapi-instrumentator": other, "servewatch": ours, EXEMPLAR: ours}


async def receive() -> dict[str, Any]:
    """A request without a body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: dict[str, Any]) -> None:
    """The answer goes nowhere."""


def microseconds(app: FastAPI, path: str, headers: list[tuple[bytes, bytes]]) -> float:
    """CPU time of a request."""

    async def run() -> float:
        start = time.process_time_ns()
        for _ in range(REQUESTS):
            scope = {
                "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
                "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
                "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
            }  # fmt: skip
            await app(scope, receive, send)
        return (time.process_time_ns() - start) / REQUESTS / 1000

    return asyncio.run(run())


def main() -> None:
    """Print what each adds to a request, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--routes", type=int, default=20)
    asked = parser.parse_args()
    apps, path = contestants(asked.routes), f"/things{asked.routes - 1}/7"
    times: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(asked.rounds):
        for name, app in apps.items():
            times[name].append(microseconds(app, path, SAMPLED if name == EXEMPLAR else HEADERS))
    medians = {name: statistics.median(found) for name, found in times.items()}
    added = {name: medians[name] - medians["bare"] for name in apps}
    print(f"{asked.routes} routes, CPU time of a request, median of {asked.rounds} rounds of {REQUESTS}")
    for name, median in medians.items():
        print(f"{name:36} {median:7.1f} us   adds {added[name]:6.1f} us")
    print(f"ours adds {added['servewatch'] / added['prometheus-fastapi-instrumentator']:.2f} of what the other adds")


if __name__ == "__main__":
    main()
