"""Whether a process answers: an empty text if it does, else the reason why not."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_SILENT = "no answer"
FRESH = 10.0
"""Seconds after which a heartbeat file that was not written again counts as silence."""


def answers(url: str, timeout: float = 2.0) -> str:
    """Ask a health URL; anything but a 2xx answer is a reason."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path or "/", headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read(300).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"{_SILENT} on {url}: {_reason(error)}"
    finally:
        connection.close()
    return "" if 200 <= answer.status < 300 else f"{url} answers {answer.status}: {body}"


def silent(problem: str) -> bool:
    """Whether a reason of `answers` is that nothing came back at all."""
    return problem.startswith(_SILENT)


def beats(heartbeat: Path, clock: Callable[[], float] = time.time) -> str:
    """Look at a file that a process writes again every few seconds."""
    try:
        age = clock() - heartbeat.stat().st_mtime
    except OSError:
        return "it has not reported yet"
    if age < -FRESH:
        return f"it last reported {-age:.0f} s in the future: the clock was set back"
    return "" if age < FRESH else f"it last reported {age:.0f} s ago"


def told(heartbeat: Path) -> str:
    """What the process wrote there about how it goes."""
    try:
        return str(json.loads(heartbeat.read_text())["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, socket.timeout | TimeoutError):
        return "too slow"
    return str(error) or type(error).__name__
