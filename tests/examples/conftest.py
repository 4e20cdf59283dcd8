"""A trained demo model, in a home of its own, made once with the training's own command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from serving.settings import inherited_environment


@dataclass(frozen=True)
class Training:
    """What `python -m examples.fashion.train` said and left behind."""

    home: Path
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def train(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Training]:
    """`train("--epochs", "1")` runs the training in a new home."""

    def run(*arguments: str) -> Training:
        home = tmp_path_factory.mktemp("home")
        environment = {**inherited_environment(), "SERVEWATCH_HOME": str(home)}
        command = [sys.executable, "-m", "examples.fashion.train", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        return Training(home, done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def trained(train: Callable[..., Training]) -> Training:
    """The training with its defaults."""
    return train()
