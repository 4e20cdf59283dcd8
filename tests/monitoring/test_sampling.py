from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from prometheus_client import CollectorRegistry

from monitoring.drift import Watcher
from monitoring.reference import extractor, learn
from monitoring.sampling import Sampler, files

RANDOM = np.random.default_rng(3)
TABLE = {"age": RANDOM.normal(40, 9, 900), "city": RANDOM.choice(["Bern", "Rome"], 900)}
SHARES = RANDOM.dirichlet([1, 1], 900)
EXTRACT = extractor(learn(TABLE, SHARES, classes=("stays", "leaves")))


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def sampler(folder: Path, **options: Any) -> Sampler:
    """One that writes at once."""
    return Sampler(folder, EXTRACT, **{"every": 0, **options})


def rows(folder: Path) -> dict[str, list[Any]]:
    """All that was written."""
    tables = [pyarrow.parquet.read_table(path) for path in files(folder)]
    return pyarrow.concat_tables(tables).to_pydict() if tables else {}


def test_rows_are_written_as_people_read_them(tmp_path: Path):
    """Numbers as they were watched, categories by the names of their bins, and when it was; nobody else may read."""
    sampler(tmp_path / "rows").take(EXTRACT({"age": [31.5, None], "city": ["Bern", "Oslo"]}, [[0.9, 0.1], [0.2, 0.8]]))
    found = rows(tmp_path / "rows")
    ages = dict(zip(found["city"], found["age"], strict=True))
    assert ages == pytest.approx({"Bern": 31.5, "other": np.nan}, nan_ok=True)
    classes = dict(zip(found["city"], found["predicted_class"], strict=True))
    assert classes == {"Bern": "stays", "other": "leaves"}
    assert len(found["time"]) == 2
    (path,) = files(tmp_path / "rows")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_feature_that_is_left_out_is_in_no_file(tmp_path: Path):
    """Its name neither."""
    sampler(tmp_path, leave_out=("age",)).take(EXTRACT(TABLE, SHARES))
    assert set(rows(tmp_path)) == {"time", "city", "confidence", "predicted_class"}


def test_no_more_rows_are_kept_than_wanted_each_as_likely_as_another(tmp_path: Path):
    """Of 90,000 rows in many batches, an eighth of the limit is in the file of this time, from all of them."""
    keeps = sampler(tmp_path, rows=8000, every=1e9)
    for start in range(0, 90_000, 900):
        keeps.take(EXTRACT({"age": np.arange(start, start + 900), "city": ["Bern"] * 900}, SHARES))
    keeps.close()
    ages = rows(tmp_path)["age"]
    assert len(ages) == 1000
    assert np.mean(ages) == pytest.approx(45_000, abs=4 * 26_000 / np.sqrt(1000))


def test_old_rows_are_removed_and_all_together_have_an_upper_bound(tmp_path: Path):
    """Days of traffic leave at most the wanted number of rows, the oldest of them within the age."""
    clock = Clock()
    keeps = sampler(tmp_path, rows=80, age=8000, clock=clock)
    for _ in range(40):
        keeps.take(EXTRACT(TABLE, SHARES))
        for path in files(tmp_path):
            if path.stat().st_mtime > 1e9:
                os.utime(path, (clock.now, clock.now))
        clock.now += 1000
    times = [when.timestamp() for when in rows(tmp_path)["time"]]
    assert len(times) <= 90
    assert min(times) >= clock.now - 10_000


def test_the_oldest_files_go_where_all_are_too_large(tmp_path: Path):
    """Files of processes that ended count as well."""
    for _ in range(5):
        sampler(tmp_path).take(EXTRACT(TABLE, SHARES))
    size = max(path.stat().st_size for path in files(tmp_path))
    sampler(tmp_path, most_bytes=2 * size + size // 2).take(EXTRACT(TABLE, SHARES))
    assert len(list(files(tmp_path))) == 2


def test_a_folder_that_cannot_be_written_is_told_and_costs_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """Watching goes on."""
    (tmp_path / "rows").write_text("a file")
    with caplog.at_level(logging.WARNING):
        sampler(tmp_path / "rows").take(EXTRACT(TABLE, SHARES))
    assert "the sample of rows cannot be written to" in caplog.text


def test_a_watcher_gives_its_rows_to_the_sampler(tmp_path: Path):
    """On its own thread, and writes what is left when it ends."""
    with Watcher(EXTRACT.reference, model="m", registry=CollectorRegistry()) as watcher:
        watcher.sampler = sampler(tmp_path, every=1e9)
        watcher.observe({name: column[:10] for name, column in TABLE.items()}, SHARES[:10])
    assert len(rows(tmp_path)["age"]) == 10
