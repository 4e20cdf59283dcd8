from __future__ import annotations

import pytest

from serving import Settings
from serving.devices import Tuning


def test_the_settings_say_how_a_model_is_tuned() -> None:
    """By default nothing is done to it; sizes are in order, each once."""
    assert Tuning.of(Settings.load({})) == Tuning("float32", "off", ())
    given = {"SERVEWATCH_DTYPE": "bfloat16", "SERVEWATCH_COMPILE": "graphs", "SERVEWATCH_COMPILE_ROWS": "8,1,8,32"}
    assert Tuning.of(Settings.load(given)) == Tuning("bfloat16", "graphs", (1, 8, 32))


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (2, 8), (8, 8), (9, 32), (32, 32), (33, 33), (500, 500)])
def test_a_batch_is_brought_to_the_next_size(rows: int, size: int) -> None:
    """One above all sizes stays as it is."""
    assert Tuning("float32", "graphs", (1, 8, 32)).padded(rows) == size


def test_without_sizes_nothing_is_padded() -> None:
    """As it is where models are not compiled."""
    assert Tuning().padded(5) == 5
