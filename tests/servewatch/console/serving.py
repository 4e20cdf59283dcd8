"""An ASGI app on a port, in a thread, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import httpx
import uvicorn

from tests.servewatch.stack.stacks import wait_for


def answers(url: str) -> bool:
    """Whether anything answers there."""
    try:
        return httpx.get(url, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def served(config: uvicorn.Config) -> Iterator[str]:
    """The address of the app."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{config.port}"
    wait_for(lambda: answers(url))
    yield url
    server.should_exit = True
    thread.join(20)
