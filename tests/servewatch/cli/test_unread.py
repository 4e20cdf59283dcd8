from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving.settings import inherited_environment

TELLS = "SERVEWATCH_MAX_QUEU_ROWS is no setting, and nothing reads it: did you mean SERVEWATCH_MAX_QUEUE_ROWS?"
FAILING = """
from serving import api, service

@service
class Pets:
    @api
    def predict(self, text: str) -> str:
        return text

    def __init__(self) -> None:
        raise RuntimeError("no licence")
"""


def servewatch(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command as it is typed, in this folder and with these variables."""
    environ = {**inherited_environment(), "SERVEWATCH_HOME": str(folder), **variables}
    return subprocess.run(
        [sys.executable, "-m", "servewatch", *words],
        cwd=folder,
        env=environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_command_says_it_in_one_line_on_stderr(tmp_path: Path) -> None:
    """The JSON on stdout is whole and the exit code is what it was."""
    done = servewatch(tmp_path, "models", "list", "--json", SERVEWATCH_MAX_QUEU_ROWS="5")
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, [], f"warning: {TELLS}\n")


def test_nothing_is_said_where_all_is_read(tmp_path: Path) -> None:
    """Settings, and what docker-compose.yml reads."""
    done = servewatch(tmp_path, "models", "list", SERVEWATCH_MAX_QUEUE_ROWS="5", SERVEWATCH_REPLICAS="3")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_told_is_not_told_again(tmp_path: Path) -> None:
    """The processes that a command starts inherit that."""
    odd = {"SERVEWATCH_MAX_QUEU_ROWS": "5", "SERVEWATCH_PROT": "1", "SERVEWATCH_TOLD": "SERVEWATCH_MAX_QUEU_ROWS"}
    done = servewatch(tmp_path, "models", "list", **odd)
    assert done.stderr.splitlines() == [
        "warning: SERVEWATCH_PROT is no setting, and nothing reads it: did you mean SERVEWATCH_PORT?"
    ]


def test_a_variable_that_the_folder_reads_is_no_mistake(tmp_path: Path) -> None:
    """A docker-compose.yml or a Makefile of one's own may have more of them."""
    (tmp_path / "docker-compose.override.yml").write_text(
        'services: {mine: {image: "mine:${SERVEWATCH_RELEASE:-1}"}}\n'
    )
    (tmp_path / "Makefile").write_text("now:\n\techo $(SERVEWATCH_STAGE)\n")
    odd = {"SERVEWATCH_RELEASE": "2", "SERVEWATCH_STAGE": "x", "SERVEWATCH_STAG": "y"}
    done = servewatch(tmp_path, "models", "list", **odd)
    assert [line.split()[1] for line in done.stderr.splitlines()] == ["SERVEWATCH_STAG"]


@pytest.mark.parametrize("flags", [(), ("--workers", "2", "--runners", "1")])
def test_a_service_says_it_in_its_log_once(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """With several processes, too; in the form that the log has."""
    (tmp_path / "misspelt_pets.py").write_text(FAILING)
    words = ("serve", "misspelt_pets:Pets", "--port", "0", "--metrics-port", "0", *flags)
    done = servewatch(tmp_path, *words, SERVEWATCH_MAX_QUEU_ROWS="5", SERVEWATCH_LOG_FORMAT="json")
    assert "no licence" in done.stderr
    assert done.stderr.count("SERVEWATCH_MAX_QUEU_ROWS") == 1
    line = json.loads(done.stderr.splitlines()[0])
    assert (line["level"], line["message"]) == ("warning", TELLS)
