from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from servewatch.cli import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home that the environment names."""
    monkeypatch.setenv("SERVEWATCH_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def servewatch(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`servewatch("models", "list")` gives the exit code and what was printed; the store is under `home`."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*words])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run
