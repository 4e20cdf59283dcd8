from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from monitoring.reference import extractor, learn
from servewatch.cli import main
from serving import Settings, Store
from serving.rows import sampler

ROWS = np.random.default_rng(9).normal(size=(300, 2)).astype(np.float32)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with a model of two logits, which are its two inputs."""
    monkeypatch.setenv("SERVEWATCH_HOME", str(tmp_path))
    model = nn.Linear(2, 2)
    nn.init.eye_(model.weight)
    nn.init.zeros_(model.bias)
    torch.set_num_threads(1)
    Store().save("sides:1", model, arguments={"in_features": 2, "out_features": 2})
    np.savez(tmp_path / "rows.npz", rows=ROWS, side=ROWS.argmax(axis=1))
    return tmp_path


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*words])
    return int(ended.value.code or 0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("given", [[], ["--data", "rows.npz", "--labels", "side"]])
def test_the_report_is_written(home: Path, given: list[str], monkeypatch: Any, capsys: Any) -> None:
    """Of logged rows beside the reference's bins or its data, on which the model is run."""
    pytest.importorskip("evidently", reason="pip install 'servewatch[drift]'")
    monkeypatch.chdir(home)
    reference = learn(ROWS, ROWS)
    info = Store().attach("sides", reference)
    keeps = sampler(Settings(home=home, log_rows=800), info, extractor(reference))
    assert keeps is not None
    keeps.take(extractor(reference)(ROWS[:100] + 1, ROWS[:100]))
    keeps.close()
    assert run("drift", "report", "--model", "sides", *given, "--out", "out.html") == 0
    assert capsys.readouterr().out == "Wrote out.html: 100 logged rows of sides:1 beside 300 of its reference.\n"
    assert "confidence" in (home / "out.html").read_text()


def test_without_a_reference_or_rows_the_error_says_what_to_do(home: Path, capsys: Any) -> None:
    """First learn one, then log."""
    assert run("drift", "report", "--model", "sides") == 1
    assert capsys.readouterr().err.splitlines()[0] == "error: sides:1 has no reference"
    Store().attach("sides", learn(ROWS, ROWS))
    assert run("drift", "report", "--model", "sides") == 1
    assert "help: start the service with SERVEWATCH_LOG_ROWS=10000" in capsys.readouterr().err
