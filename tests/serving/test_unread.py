from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.settings import PREFIX, Settings
from serving.unread import COMPOSE, PAGE, SETTINGS, TOLD, doubt, unread

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *(".ci", ".github", "monitoring", "serving", "alerts", "dashboards", "servewatch"),
    *("examples", "benchmarks", "secrets", "targets"),
)
TEXTS = {"", ".py", ".yml", ".yaml", ".md", ".cfg", ".sh", ".toml", ".example"}
LEFT_OUT = {"node_modules", "__pycache__", ".venv"}
BEYOND = {"STACK_ID", "TOLD"}
"""What processes of ours give to one another."""


def texts() -> Iterator[Path]:
    """The files in which we may name a variable, but for the tests."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.name != ".env")
    for top in FOLDERS:
        for folder, inner, names in os.walk(ROOT / top):
            inner[:] = [name for name in inner if name not in LEFT_OUT]
            yield from (Path(folder) / name for name in names if Path(name).suffix in TEXTS)


def written() -> set[str]:
    """Every variable that one of them names."""
    pattern = re.compile(rf"\b{PREFIX}[A-Z][A-Z_]*[A-Z]\b")
    return {name for path in texts() for name in pattern.findall(path.read_text(errors="replace"))}


def test_no_variable_that_we_name_anywhere_is_unread() -> None:
    """In code, containers, documents and examples: a true one is never called unknown."""
    names = written()
    assert {"SERVEWATCH_HOME", "SERVEWATCH_STACK_ID", "SERVEWATCH_GENERATED"} <= names
    assert unread(dict.fromkeys(names, "1")) == []


def test_what_docker_compose_reads_is_known() -> None:
    """The list that is kept for where the file is not is the file's, neither more nor less."""
    read = re.findall(rf"\$\{{{PREFIX}(\w+)", (ROOT / "docker-compose.yml").read_text())
    assert sorted(COMPOSE.split()) == sorted(set(read) - set(SETTINGS) - BEYOND)


def test_settings_are_known_by_their_fields() -> None:
    """Whatever is added to Settings needs no second list."""
    assert unread(Settings().environment()) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SERVEWATCH_MAX_QUEU_ROWS", "did you mean SERVEWATCH_MAX_QUEUE_ROWS?"),
        ("SERVEWATCH_LOGLEVEL", "did you mean SERVEWATCH_LOG_LEVEL?"),
        ("SERVEWATCH_port", "did you mean SERVEWATCH_PORT?"),
        ("servewatch_port", "did you mean SERVEWATCH_PORT?"),
        ("SERVWATCH_PORT", "did you mean SERVEWATCH_PORT?"),
        ("SEREVWATCH_MAX_QUEUE_ROWS", "did you mean SERVEWATCH_MAX_QUEUE_ROWS?"),
        ("SERVEWATCH_GRAFANA_PROT", "did you mean SERVEWATCH_GRAFANA_PORT?"),
        ("SERVEWATCH_ZZZ", "serving/SETTINGS.md names all"),
        ("SERVEWATCH_", "serving/SETTINGS.md names all"),
    ],
)
def test_a_misspelt_variable_is_found_and_told_with_the_nearest(name: str, meant: str) -> None:
    """In one line, with the page that has all where none is near."""
    assert unread({name: "5", "SERVEWATCH_PORT": "3000", "PATH": "/bin"}) == [name]
    assert doubt(name) == f"{name} is no setting, and nothing reads it: {meant}"
    assert (ROOT / PAGE).is_file()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"PORT": "1", "SERVER_PORT": "1", "SERVICE_PORT": "1", "SERVEWATCHER_PORT": "1", "_SERVEWATCH_COMPLETE": "x"},
        {"SERVEWATCH": "1", "WATCH_PORT": "1", "SERVWATCH_WHATEVER": "1"},
        {"SERVEWATCH_ZZZ": "1", TOLD: "SERVEWATCH_YYY SERVEWATCH_ZZZ"},
        {
            "KUBERNETES_SERVICE_HOST": "10.0.0.1",
            "SERVEWATCH_SERVICE_HOST": "10.0.0.2",
            "SERVEWATCH_SERVICE_PORT_HTTP": "80",
            "SERVEWATCH_PORT_3000_TCP_ADDR": "10.0.0.2",
            "SERVEWATCH_CONSOLE_PORT": "tcp://10.0.0.3:3002",
        },
    ],
)
def test_what_is_not_meant_for_us_is_not_told(environ: dict[str, str]) -> None:
    """Another program's variables, what was told of, and what Kubernetes puts into its containers."""
    assert unread(environ) == []


def test_outside_of_kubernetes_such_a_name_is_a_mistake() -> None:
    """Nobody else puts it there."""
    assert unread({"SERVEWATCH_SERVICE_PORT": "80"}) == ["SERVEWATCH_SERVICE_PORT"]
