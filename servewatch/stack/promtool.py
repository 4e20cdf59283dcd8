"""promtool: whether the Prometheus that runs here takes our rules, and whether their tests hold."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from servewatch.stack.errors import ToolMissing

ADVICE = "it comes with Prometheus: sudo apt-get install prometheus, or https://prometheus.io/download/"

_VERSION = re.compile(r"version (\d+(?:\.\d+)*)")

PATIENCE = 120.0
"""Seconds that promtool may take, unless what it is asked for takes longer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What promtool said."""

    fine: bool
    text: str


def find() -> str | None:
    """Where promtool is, if it is on PATH."""
    return shutil.which("promtool")


def version() -> str:
    """Which one it is, like 2.42.0: what its own distribution adds to the number is left out."""
    found = _VERSION.search(_run("--version").text)
    return found[1] if found else "of a version that it does not tell"


def check_rules(files: Sequence[Path]) -> Answer:
    """Ask whether these rule files can be loaded."""
    return _run("check", "rules", *map(str, files))


def check_queries(queries: Mapping[str, str]) -> Answer:
    """Ask whether these queries are ones that this Prometheus takes; the names are given back where one is not."""
    rules = [{"record": "servewatch:query", "expr": text, "labels": {"of": name}} for name, text in queries.items()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "queries.yml")
        path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
        answer = check_rules([path])
        return Answer(answer.fine, answer.text.replace(f"{path}: ", ""))


def run_tests(file: Path, seconds: float = PATIENCE) -> Answer:
    """Run a file of rule tests."""
    return _run("test", "rules", str(file), seconds=seconds)


def _run(*arguments: str, seconds: float = PATIENCE) -> Answer:
    program = find()
    if program is None:
        raise ToolMissing("promtool is not on PATH", ADVICE)
    done = subprocess.run(
        [program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds
    )
    return Answer(done.returncode == 0, done.stdout.strip())
