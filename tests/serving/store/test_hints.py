from __future__ import annotations

from pathlib import Path

import pytest

from serving import Store
from serving.errors import ModelNotFound
from serving.store import hints


def test_a_command_for_another_store_names_its_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whether the environment has that home or not: the command may be typed where it has not."""
    asked = f"SERVEWATCH_HOME={tmp_path} servewatch models list"
    assert hints.command("servewatch models list", tmp_path / "models") == asked
    monkeypatch.setenv("SERVEWATCH_HOME", str(tmp_path))
    with pytest.raises(ModelNotFound) as caught:
        Store().find("flowers")
    assert caught.value.help == asked


def test_a_command_for_the_usual_store_is_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the home is the one that is taken without a word."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SERVEWATCH_HOME", raising=False)
    assert hints.command("servewatch models list", Store().folder) == "servewatch models list"


def test_a_home_with_a_blank_is_quoted_and_a_relative_one_is_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is shown can be typed, in any folder."""
    monkeypatch.chdir(tmp_path)
    told = hints.command("servewatch models list", Path("my home/models"))
    assert told == f"SERVEWATCH_HOME='{tmp_path}/my home' servewatch models list"


def test_a_store_that_no_command_reaches_is_told_in_python(tmp_path: Path) -> None:
    """A folder of another name than `models` is no home's store."""
    with pytest.raises(ModelNotFound) as caught:
        Store(tmp_path / "shelf").find("flowers")
    assert caught.value.help == f"Store(Path('{tmp_path}/shelf')).list()"
