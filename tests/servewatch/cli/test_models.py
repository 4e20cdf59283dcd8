from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from serving import Store

Run = Callable[..., tuple[int, str, str]]


def test_an_empty_store_says_where_it_is_and_how_it_is_filled(servewatch: Run, tmp_path: Path) -> None:
    """The command that fills it fills this one, not the usual one."""
    code, out, err = servewatch("models", "list")
    assert (code, err) == (0, "")
    assert out.startswith(f"The store in {tmp_path}/models is empty. `SERVEWATCH_HOME={tmp_path} python -m examples.")
    assert json.loads(servewatch("models", "list", "--json")[1]) == []


@pytest.mark.parametrize("words", [("list", "flwers"), ("show", "flwers"), ("delete", "flwers"), ("export", "flwers")])
def test_a_model_that_is_not_there_is_told_with_a_command_for_this_store(
    servewatch: Run, tmp_path: Path, words: tuple[str, str]
) -> None:
    """Also by `list`, which would else say that the store is empty."""
    Store().save("flowers:1", torch.nn.Identity())
    code, out, err = servewatch("models", *words)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "error: model 'flwers' is not in the store; it has 'flowers'",
        f"help: SERVEWATCH_HOME={tmp_path} servewatch models list",
    ]


def test_one_version_can_be_listed(servewatch: Run) -> None:
    """By NAME:VERSION, as the other commands take it."""
    for version in ("1", "2"):
        Store().save(f"flowers:{version}", torch.nn.Identity())
    assert [line.split()[1] for line in servewatch("models", "list", "flowers:1")[1].splitlines()] == ["VERSION", "1"]
    assert len(servewatch("models", "list", "flowers")[1].splitlines()) == 3


def test_every_command_takes_the_home_that_up_was_given(
    servewatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before what the environment says; and what it hints at then is in that home."""
    Store(tmp_path / "other" / "models").save("flowers:1", torch.nn.Identity())
    monkeypatch.chdir(tmp_path)
    other = ("--home", "other")
    assert "flowers" not in servewatch("models", "list")[1]
    assert "flowers" in servewatch("models", "list", *other)[1]
    assert f"path:      {tmp_path}/other/models/flowers/1\n" in servewatch("models", "show", "flowers", *other)[1]
    assert servewatch("models", "export", "flowers", "flowers.tar.gz", *other)[0] == 0
    assert servewatch("models", "delete", "flowers", "--yes", *other)[1] == "Deleted flowers:1.\n"
    help = f"help: SERVEWATCH_HOME={tmp_path}/other servewatch models list\n"
    assert servewatch("models", "show", "flowers", *other)[2].endswith(help)
    assert servewatch("models", "import", "flowers.tar.gz", *other)[1] == "Imported flowers:1.\n"
    assert [info.name for info in Store(tmp_path / "other" / "models")] == ["flowers"]
