"""A mistake in a declaration is told as such: where it stands and what it is, without the way that led there."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.errors import ServewatchError

ROOT = Path(__file__).parents[2]
FOLDERS = ("alerts", "dashboards", "monitoring/catalogue")
HELPERS = ("promql.py", "rules.py", "windows.py", "panels.py", "style.py", "chosen.py", "metric.py")
"""Where a mistake is noticed, though it was made by whoever called."""


class DeclarationWrong(ServewatchError):
    """A metric, a recording, an alert or a panel is declared in a way that cannot work."""

    code = "declaration_wrong"


@contextmanager
def declarations() -> Iterator[None]:
    """Turn what a declaration raises, while it is imported or rendered, into an error that names its place."""
    try:
        yield
    except ServewatchError:
        raise
    except Exception as failed:
        place = _place(failed)
        if place is None:
            raise
        kind = "" if isinstance(failed, ValueError) else f"{type(failed).__name__}: "
        said = failed.msg if isinstance(failed, SyntaxError) else str(failed)
        raise DeclarationWrong(f"{place}: {kind}{said}", "change that line, then servewatch generate") from failed


def _place(failed: Exception) -> str | None:
    """The innermost line of a declaration on the way to the failure; None where no declaration took part."""
    way = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(failed.__traceback__)]
    if isinstance(failed, SyntaxError) and failed.filename:
        way.append((failed.filename, failed.lineno))
    for name, line in reversed(way):
        path = Path(name)
        if path.name not in HELPERS and any(path.is_relative_to(ROOT / folder) for folder in FOLDERS):
            return f"{path.relative_to(ROOT)}:{line}"
    return None
