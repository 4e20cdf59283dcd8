from __future__ import annotations

import threading

import numpy as np

from monitoring.drift.counts import Counts


def test_the_sum_of_all_rows_is_shown() -> None:
    """Each process adds to its own row, each sees what all have counted."""
    table = np.zeros((3, 2), np.int64)
    one, other = Counts(table, 0), Counts(table, 2)
    one.add(np.array([1, 0]))
    other.add(np.array([4, 5]))
    assert one.total().tolist() == other.total().tolist() == [5, 5]


def test_who_takes_a_dead_ones_row_goes_on_from_it() -> None:
    """Counts of a process that ended stay, and take no further room."""
    table = np.zeros((1, 2), np.int64)
    Counts(table).add(np.array([1, 2]))
    Counts(table).add(np.array([1, 2]))
    assert Counts(table).total().tolist() == [2, 4]


def test_threads_of_one_process_lose_nothing() -> None:
    """Two that watch one model in one process add to the same row."""
    counts, more = Counts.private(4096), np.ones(4096, np.int64)
    threads = [threading.Thread(target=lambda: [counts.add(more) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(counts.total().tolist()) == {800}
