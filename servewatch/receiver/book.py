"""Keeps the notifications that came: the newest ones, in memory and in a file of JSON lines."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

KEPT = 1000

Payload = dict[str, Any]


class Book:
    """Notifications, oldest first; with a file they outlive a restart."""

    def __init__(self, file: Path | None = None, kept: int = KEPT) -> None:
        self.file, self.kept = file, kept
        self._entries: deque[Payload] = deque(_read(file), maxlen=kept)
        self._lines = 0
        self.problem = ""
        if file is not None:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                self._rewrite(file)
            except OSError as error:
                self.problem = _lost(file, error)

    def __iter__(self) -> Iterator[Payload]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, payload: Mapping[str, Any], received: str) -> None:
        """Keep a payload with the time at which it came."""
        entry = {**payload, "receivedAt": received}
        self._entries.append(entry)
        if self.file is not None:
            try:
                self._write(self.file, entry)
                self.problem = ""
            except OSError as error:
                # It is shown nevertheless: a notification that is refused would be sent again and again.
                self.problem = _lost(self.file, error)

    def _write(self, file: Path, entry: Payload) -> None:
        if self._lines >= 2 * self.kept or self.problem:
            self._rewrite(file)
            return
        with file.open("a") as lines:
            lines.write(json.dumps(entry) + "\n")
        self._lines += 1

    def _rewrite(self, file: Path) -> None:
        beside = file.with_name(f".{file.name}.new")
        beside.write_text("".join(json.dumps(entry) + "\n" for entry in self._entries))
        beside.replace(file)
        self._lines = len(self._entries)


def _lost(file: Path, error: OSError) -> str:
    return f"{file} cannot be written, so what comes is lost at a restart: {error.strerror}"


def _read(file: Path | None) -> Iterator[Payload]:
    if file is None or not file.exists():
        return
    with file.open(errors="replace") as lines:
        for line in lines:
            # A process that was killed while it wrote leaves half a line.
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and isinstance(entry.get("alerts"), list):
                    yield entry
