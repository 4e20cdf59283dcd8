"""An ASGI app on a port, in a thread, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import uvicorn

from tests.servewatch.stack.stacks import wait_for

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def read(url: str) -> Any:
    """The JSON at this address."""
    with DIRECT.open(url, timeout=10) as answer:
        return json.load(answer)


def answers(url: str) -> bool:
    """Whether anything answers there."""
    try:
        with DIRECT.open(url, timeout=10):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
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
