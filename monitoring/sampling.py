"""A sample of the rows that were watched, in Parquet files: bounded in number, age and size, for a closer look.

Off unless somebody asks for it: here values leave the process, which watching alone never lets happen.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monitoring.reference.extractor import Extracted, Extractor
from monitoring.reference.sketch import Sample

Array = np.ndarray[Any, np.dtype[Any]]

PARTS = 8
"""So many files of different time: the oldest goes when its rows are too old."""

TIME = "time"
log = logging.getLogger("monitoring.sampling")


def columns(extractor: Extractor, extracted: Extracted) -> dict[str, Array]:
    """Watched features as columns for people: numbers as they are, categories as the names of their bins."""
    numbers = zip(extractor.numbers, extracted.numbers.T, strict=True)
    codes = zip(extractor.categories, extracted.codes.T, strict=True)
    names = [feature.name for feature in (*extractor.numbers, *extractor.categories)]

    def named(name: str, role: str) -> str:
        return name if names.count(name) == 1 else f"{name} ({role})"

    found: dict[str, Array] = {named(f.name, f.role): column for f, column in numbers}
    return found | {
        named(f.name, f.role): np.array(f.bins, dtype=object)[column.astype(np.intp)] for f, column in codes
    }


class Sampler:
    """Keeps some of one model's rows, each as likely as any other of its time, and writes them now and then.

    `take` is called on the thread that watches. What cannot be written is told in the log and costs nothing else.
    """

    def __init__(
        self,
        folder: Path,
        extractor: Extractor,
        *,
        rows: int = 10_000,
        age: float = 7 * 86_400,
        most_bytes: int = 64 * 2**20,
        leave_out: Sequence[str] = (),
        every: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        import pyarrow.parquet  # noqa: F401 what is not installed is told at the start

        self.folder, self._extractor, self._leave_out = folder, extractor, frozenset(leave_out)
        self._size, self._age, self._most_bytes = max(1, rows // PARTS), age, most_bytes
        self._every, self._clock = every, clock
        self._token = secrets.token_hex(4)
        self._split = len(extractor.numbers)
        self._part, self._sample, self._fresh, self._written = -1, Sample(self._size), False, clock()

    def take(self, extracted: Extracted) -> None:
        """Draw among these rows, and write if it is time."""
        try:
            self._draw(extracted)
        except Exception as error:  # whatever pyarrow raises, the thread that counts lives on
            log.warning("rows of %s were not sampled: %s", self.folder, type(error).__name__)

    def _draw(self, extracted: Extracted) -> None:
        now = self._clock()
        part = int(now // (self._age / PARTS))
        if part != self._part:
            self._write()
            self._part, self._sample = part, Sample(self._size, secrets.randbits(32))
        when = np.full((len(extracted.numbers), 1), now)
        self._sample.add(np.hstack((extracted.numbers, extracted.codes, when)).astype(np.float64), None)
        self._fresh = True
        if now - self._written >= self._every:
            self._write()

    def close(self) -> None:
        """Write what was not written yet."""
        self._write()

    def _write(self) -> None:
        if not self._fresh or self._sample.rows is None:
            return
        self._written, self._fresh = self._clock(), False
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._replace(self._table(self._sample.rows))
            self._prune()
        except OSError as error:
            log.warning("the sample of rows cannot be written to %s: %s", self.folder, error.strerror)

    def _table(self, rows: Array) -> Any:
        import pyarrow

        numbers = rows[:, : self._split].astype(self._extractor.dtype)
        found = columns(self._extractor, Extracted(numbers, rows[:, self._split : -1]))
        kept = {name: column for name, column in found.items() if name not in self._leave_out}
        return pyarrow.table({TIME: (rows[:, -1] * 1e6).astype("datetime64[us]"), **kept})

    def _replace(self, table: Any) -> None:
        """Readers see the file of before or this one, never a part; nobody else may read it."""
        import pyarrow.parquet

        path = self.folder / f"{self._extractor.reference.hash}-{self._part}-{self._token}.parquet"
        draft = path.with_name(f".{path.name}")
        draft.touch(mode=0o600)
        pyarrow.parquet.write_table(table, draft)
        draft.replace(path)

    def _prune(self) -> None:
        """Remove what is too old, of dead processes also; and the oldest, while all of it is too large."""
        found = sorted(((path.stat(), path) for path in files(self.folder)), key=lambda pair: -pair[0].st_mtime)
        kept = 0
        for stat, path in found:
            kept += stat.st_size
            if stat.st_mtime < self._clock() - self._age or kept > self._most_bytes:
                path.unlink(missing_ok=True)


def files(folder: Path, reference: str = "*") -> Iterator[Path]:
    """The files of a sample; those of one reference, if its hash is given."""
    return iter(sorted(folder.glob(f"{reference}-*.parquet")))
