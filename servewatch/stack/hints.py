"""Commands that are shown to be typed, so that they mean the stack that they are shown for."""

from __future__ import annotations

import shlex
from pathlib import Path

from serving.settings import Settings


def command(words: str, home: Path) -> str:
    """`servewatch` and these words, with --home where another home than this one would be meant without it."""
    usual = Settings.load().home.absolute()
    return f"servewatch {words}" + ("" if home.absolute() == usual else f" --home {shlex.quote(str(home))}")


def shown(home: Path) -> str:
    """A home as people write it: ~ for their own folder."""
    own = Path.home()
    return f"~/{home.relative_to(own)}" if home.is_relative_to(own) and home != own else str(home)


def nothing(home: Path) -> str:
    """What is said where no stack runs under a home."""
    return f"nothing runs under {shown(home)}; another home: --home DIR"
