"""Labels that do not come: the demo's traffic goes on, and what sends the true classes is away for a while."""

from __future__ import annotations

import json
import time
from pathlib import Path

from servewatch.stack.state import write_json

FILE = "labels-away.json"


def send_none(folder: Path, until: float) -> None:
    """Wish that no label be sent until a time, in seconds since 1970; it is over by then, whoever has ended."""
    write_json(folder / FILE, {"until": until})


def send_again(folder: Path) -> None:
    """Take the wish back."""
    (folder / FILE).unlink(missing_ok=True)


def away(folder: Path) -> bool:
    """Whether what sends the labels is to be away now."""
    try:
        until = float(json.loads((folder / FILE).read_text())["until"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return time.time() < until
