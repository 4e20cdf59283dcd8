"""Where in the user's code an error comes from."""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path

_OURS = (Path(__file__).parent, Path(importlib.__file__).parents[1])
_INSTALLED = {"site-packages", "dist-packages"}


def place_of(error: BaseException) -> str:
    """Such as `pets.py:12: `, the innermost line that is neither ours nor a library's; nothing where there is none."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith("<") and _is_users(Path(frame.filename)):
            return f"{shown(frame.filename, frame.lineno or 0)}: "
    return ""


def shown(filename: str, line: int) -> str:
    """A line of a file, such as `pets.py:12`."""
    return f"{Path(filename).name}:{line}"


def _is_users(path: Path) -> bool:
    return not _INSTALLED & {*path.parts} and not any(path.is_relative_to(folder) for folder in _OURS)
