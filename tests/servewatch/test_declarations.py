"""Mistakes in declarations, as somebody who makes one meets them: in a copy of the packages, through the commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from servewatch.generate import ROOT

IGNORED = shutil.ignore_patterns("__pycache__", "node_modules", "src")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The five packages and the rule tests, to be changed."""
    for name in ("monitoring", "serving", "alerts", "dashboards", "servewatch", "tests/alerts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=IGNORED)
    servewatch(tmp_path, "generate")
    return tmp_path


def servewatch(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, "-m", "servewatch", *words], {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60)


def change(file: Path, right: str, wrong: str) -> None:
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))


def test_changed_declarations_are_told_until_they_are_generated(copied: Path) -> None:
    """`check` reads generated files: where they are those of before, that is a problem, and generating ends it."""
    change(copied / "alerts/batching.py", "_LIMIT = 0.01", "_LIMIT = 0.02")
    answer = servewatch(copied, "check")
    assert answer.returncode == 1
    assert "alerts/generated/batching.rules.yml: differs" in answer.stdout
    assert ": not up to date\n" in answer.stdout
    assert "\n    expected: servewatch generate\n" in answer.stdout
    assert "wrote alerts/generated/batching.rules.yml" in servewatch(copied, "generate").stdout
    assert "not up to date" not in servewatch(copied, "check").stdout


def test_what_its_file_forgot_to_list_is_told_as_that(copied: Path) -> None:
    """A metric that is declared and read, but not in its file's ALL, is no metric that is declared nowhere."""
    change(copied / "monitoring/catalogue/batching.py", "QUEUE_SECONDS, QUEUE_REQUESTS,", "QUEUE_SECONDS,")
    answer = servewatch(copied, "check")
    assert answer.returncode == 1
    said = "'servewatch_runner_queue_requests' is declared in monitoring/catalogue/batching.py, but not in its ALL"
    assert said in answer.stdout
    assert "declared nowhere" not in answer.stdout


@pytest.mark.parametrize(
    ("right", "unlisted", "said"),
    [
        (
            "ALERTS = (QUEUE_FULL, ",
            "ALERTS = (",
            "'QueueFull' is declared in alerts/batching.py, but not in its ALERTS",
        ),
        (
            "QUEUE_REQUESTS, QUEUE_SECONDS, BATCH_SIZE)",
            "QUEUE_SECONDS, BATCH_SIZE)",
            "'serving:queue_requests' is declared in alerts/batching.py, but not in its RECORDINGS",
        ),
    ],
)
def test_a_forgotten_alert_or_recording_is_told_as_that(copied: Path, right: str, unlisted: str, said: str) -> None:
    """The same for what rule tests, panels and the runbook name of an alert or a recording."""
    change(copied / "alerts/batching.py", right, unlisted)
    assert said in servewatch(copied, "check").stdout


@pytest.mark.parametrize(
    ("words", "file", "right", "wrong", "said"),
    [
        ("check", "alerts/requests.py", 'code=like("5.."))', 'kode=like("5.."))', "has no label 'kode'"),
        ("generate", "alerts/requests.py", "requests.IN_PROGRESS", "requests.IN_PROGRES", "no attribute 'IN_PROGRES'"),
        ("generate --check", "alerts/batching.py", "_MINIMUM = 10", "_MINIMUM = = 10", "invalid syntax"),
        (
            "check",
            "dashboards/service_inside.py",
            "models.INFO, **VERSION",
            "models.INFO, sevice='a'",
            "has no label 'sevice'",
        ),
    ],
)
def test_a_wrong_declaration_is_two_lines_and_names_its_place(
    copied: Path, words: str, file: str, right: str, wrong: str, said: str
) -> None:
    """A wrong label, a mistyped name and broken Python: file, line and reason, and no traceback."""
    change(copied / file, right, wrong)
    line = (copied / file).read_text()[: (copied / file).read_text().index(wrong)].count("\n") + 1
    answer = servewatch(copied, *words.split())
    assert answer.returncode == 1
    error, help = answer.stderr.splitlines()
    assert error.startswith(f"error: {file}:")
    assert abs(int(error.split(":")[2]) - line) <= 2
    assert said in error
    assert help.startswith("help: ")
