"""Commands that are shown to be typed, so that they look into the store that they are shown for."""

from __future__ import annotations

import shlex
from pathlib import Path

from serving.settings import HOME, Settings


def command(words: str, folder: Path, call: str = "") -> str:
    """A command, with the home before it where another store than the usual one is meant.

    The home stands there also where the environment has it: whoever reads this may type into another shell. A folder
    that no home has as its store is reached by `call` alone, what does the same in Python.
    """
    store = folder.absolute()
    if store == Settings.load({}).store.absolute():
        return words
    home = store.parent
    if call and Settings.load({HOME: str(home)}).store != store:
        return f"Store(Path({str(store)!r})).{call}"
    return f"{HOME}={shlex.quote(str(home))} {words}"
