"""Which mode `up` takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from servewatch.stack.choose import choose
from servewatch.stack.compose import engine_answers
from servewatch.stack.mode import Options

NOWHERE = "services: {a: {image: 'localhost:1/nobody/nothing:1.0'}}\n"
BUILT = "services: {a: {image: 'servewatch-never:1.0', build: .}}\n"
needs_engine = pytest.mark.skipif(not engine_answers(), reason="no container engine answers: start Docker")


def chosen(folder: Path, mode: str | None = None) -> tuple[str, list[str]]:
    said: list[str] = []
    return choose(mode, Options(folder / "home"), folder, said.append).name, said


def test_without_a_compose_file_it_is_native(tmp_path: Path) -> None:
    """A folder without docker-compose.yml has nothing to run in containers."""
    assert chosen(tmp_path) == ("native", [])


def test_what_is_named_is_taken(tmp_path: Path) -> None:
    """--compose and --native are not second-guessed."""
    (tmp_path / "docker-compose.yml").write_text(NOWHERE)
    assert chosen(tmp_path, "compose")[0] == "compose"
    assert chosen(tmp_path, "native")[0] == "native"


@needs_engine
@pytest.mark.containers
def test_images_that_cannot_be_had_mean_native_and_it_is_said(tmp_path: Path) -> None:
    """An engine that cannot fetch the images is no reason to fail: the same stack runs without containers."""
    (tmp_path / "docker-compose.yml").write_text(NOWHERE)
    name, said = chosen(tmp_path)
    assert name == "native"
    assert "cannot be had" in said[0]
    assert "--compose" in said[0]


@needs_engine
@pytest.mark.containers
def test_images_that_are_built_here_need_no_fetching(tmp_path: Path) -> None:
    """Where every image is here or is built here, it is compose."""
    (tmp_path / "docker-compose.yml").write_text(BUILT)
    assert chosen(tmp_path) == ("compose", [])


def test_another_service_than_the_demo_runs_without_containers(tmp_path: Path) -> None:
    """The images hold the demo, and an image of a service takes minutes: it is made where --compose asks for it."""
    (tmp_path / "docker-compose.yml").write_text(BUILT)
    options = Options(tmp_path / "home", "mine:Mine")
    assert choose(None, options, tmp_path, [].append).name == "native"
    assert choose("compose", options, tmp_path, [].append).name == "compose"
