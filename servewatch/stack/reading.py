"""Reading the logs of a stack, as people do: the end of them, and what is added."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from servewatch.stack import hints
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options

PACE = 0.25


class LogUnknown(StackError):
    """No process of that name has a log here."""

    code = "log_invalid"


def chosen(options: Options, name: str | None) -> dict[str, Path]:
    """The log of the process of this name, or all of them where none is named."""
    found = {path.stem: path for path in sorted((options.folder / "logs").glob("*.log"))}
    if not found:
        raise StackError(
            f"no process wrote a log under {hints.shown(options.home)}",
            f"{hints.command('up', options.home)}; in containers: docker compose logs",
        )
    if name is None:
        return found
    if name not in found:
        raise LogUnknown(
            f"no process {name!r} wrote a log; there are {', '.join(found)}", f"servewatch logs {min(found)}"
        )
    return {name: found[name]}


def read(files: dict[str, Path], lines: int, follow: bool, wait: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """The last lines of each file, and then whatever is written, with the name where there are several."""
    tails = {(f"{name:13} " if len(files) > 1 else ""): Tail(path) for name, path in files.items()}
    for prefix, tail in tails.items():
        for line in tail.last(lines):
            yield prefix + line
    while follow:
        for prefix, tail in tails.items():
            for line in tail.more():
                yield prefix + line
        wait(PACE)


class Tail:
    """One file that grows, is cut short, or is replaced by a new one."""

    def __init__(self, path: Path) -> None:
        self.path, self._at, self._inode, self._rest = path, 0, 0, b""

    def last(self, lines: int) -> list[str]:
        """The last lines that are whole, those of the run before included where this one has fewer."""
        found = self.more()
        before = self.path.with_name(self.path.name + ".1")
        if len(found) < lines and before.is_file():
            found = [*before.read_bytes().decode(errors="replace").splitlines(), *found]
        return found[-lines:] if lines else []

    def more(self) -> list[str]:
        """The lines that came since."""
        try:
            with self.path.open("rb") as file:
                state = file.seek(0, 2), self.path.stat().st_ino
                if state[1] != self._inode or state[0] < self._at:
                    self._at, self._inode, self._rest = 0, state[1], b""
                file.seek(self._at)
                read = file.read()
        except OSError:
            return []
        self._at += len(read)
        *whole, self._rest = (self._rest + read).split(b"\n")
        return [line.decode(errors="replace") for line in whole]


__all__ = ["LogUnknown", "Tail", "chosen", "read"]
