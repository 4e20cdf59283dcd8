from __future__ import annotations

from pathlib import Path

import numpy as np

from monitoring.reference import extractor, learn
from serving.rows import folder, sampler
from serving.settings import Settings
from serving.store.model import ModelInfo

INFO = ModelInfo("flowers", "1", "pytorch", "")
EXTRACT = extractor(learn({"x": np.arange(100.0), "y": np.arange(100.0)[::-1]}))


def test_nothing_is_logged_unless_it_was_asked_for(tmp_path: Path) -> None:
    """The default keeps no row."""
    assert sampler(Settings(home=tmp_path), INFO, EXTRACT) is None
    assert Settings.load({}).log_rows == 0


def test_the_settings_say_what_is_logged_and_where(tmp_path: Path) -> None:
    """Rows of a version have a folder of its own in the home; what is left out is in no file."""
    settings = Settings(home=tmp_path, log_rows=80, log_rows_leave_out="y residual")
    keeps = sampler(settings, INFO, EXTRACT)
    assert keeps is not None
    keeps.take(EXTRACT({"x": np.arange(50.0), "y": np.arange(50.0)}))
    keeps.close()
    import pyarrow.parquet as parquet

    (path,) = folder(settings, INFO).glob("*.parquet")
    assert path.parent == tmp_path / "rows" / "flowers" / "1"
    table = parquet.read_table(path)
    assert (table.num_rows, table.column_names) == (10, ["time", "x"])
