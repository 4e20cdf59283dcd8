from __future__ import annotations

import threading

import numpy as np
import pytest

from monitoring.drift.heap import TOGETHER, Batch, Heap, together


def rows(count: int, columns: int = 3, dtype: str = "float32") -> Batch:
    return Batch(np.zeros((count, columns), dtype), np.zeros(count))


def test_what_is_over_the_limits_is_refused() -> None:
    """Rows and bytes are bounded; when what waited is counted there is room again."""
    heap = Heap(most_rows=10, most_bytes=1000)
    assert heap.put(rows(8))
    assert not heap.put(rows(3))
    assert heap.put(rows(2))
    taken = heap.take(0.0)
    assert taken is not None
    assert not heap.put(rows(1))
    heap.done(taken)
    assert heap.put(rows(1))
    assert not heap.put(rows(1, columns=1000))


def test_a_batch_larger_than_the_limit_is_taken_alone() -> None:
    """Whoever observes a whole file at once is not told to go away for ever."""
    heap = Heap(most_rows=10)
    assert heap.put(rows(100))
    assert not heap.put(rows(1))


def test_a_closed_heap_gives_what_it_has_and_takes_no_more() -> None:
    """Nothing that was handed over is lost with the end."""
    heap = Heap()
    heap.put(rows(1))
    heap.close()
    assert not heap.put(rows(1))
    assert len(heap.take(5.0) or []) == 1
    assert heap.take(5.0) is None


def test_flush_waits_for_what_was_put_before_it() -> None:
    """It ends when that is counted, and says so when it is not in time."""
    heap = Heap()
    heap.put(rows(1))
    assert not heap.flush(0.0)
    threading.Thread(target=lambda: heap.done(heap.take(60.0) or [])).start()
    assert heap.flush(10.0)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (np.zeros((4, 2), "float64"), (4, 64)),
        (np.float32(1), (1, 4)),
        ({"age": np.zeros(5), "city": ["a"] * 5}, (5, 40)),
        ([np.zeros(2), np.zeros(2)], (2, 32)),
        (["a", "b", "c"], (3, 0)),
        ([], (0, 0)),
        ({}, (0, 0)),
        (object(), (1, 0)),
    ],
)
def test_a_batch_knows_its_rows_and_about_its_size(inputs: object, expected: tuple[int, int]) -> None:
    """Of arrays, of tables by column, of lists; what has no length is one row, and fails when it is counted."""
    batch = Batch(np.asarray(inputs) if isinstance(inputs, np.generic) else inputs)
    assert (batch.rows, batch.size) == expected


def test_small_batches_that_are_alike_are_counted_as_one() -> None:
    """Neighbours of one shape and type are joined up to a size; others, and what is no array, stay alone."""
    tables = [Batch({"a": [1]}), Batch({"a": [2]})]
    batches = [rows(1), rows(2), rows(TOGETHER), rows(1, 4), rows(1, 4, "float64"), *tables, Batch(np.zeros((1, 4)))]
    found = [[batch.rows for batch in group] for group in together(batches)]
    assert found == [[1, 2], [TOGETHER], [1], [1], [1], [1], [1]]
    joined = Batch.join(batches[:2])
    assert (joined.inputs.shape, joined.outputs.shape) == ((3, 3), (3,))
