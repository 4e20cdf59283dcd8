"""Commands that are shown can be typed as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from servewatch.stack import hints


def test_the_usual_home_needs_no_flag(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the settings name this home, the command is as short as can be."""
    monkeypatch.setenv("SERVEWATCH_HOME", str(tmp_path))
    assert hints.command("down", tmp_path) == "servewatch down"


def test_another_home_is_part_of_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """For any other home the command names it, quoted where a shell would split it."""
    monkeypatch.setenv("SERVEWATCH_HOME", str(tmp_path))
    assert hints.command("status", Path("/srv/other")) == "servewatch status --home /srv/other"
    assert hints.command("status", Path("/srv/my home")) == "servewatch status --home '/srv/my home'"


def test_nothing_says_under_which_home_and_how_to_name_another() -> None:
    """The user's own folder is written as ~, any other in full."""
    assert hints.nothing(Path.home() / ".servewatch") == "nothing runs under ~/.servewatch; another home: --home DIR"
    assert hints.nothing(Path("/srv/x")) == "nothing runs under /srv/x; another home: --home DIR"
