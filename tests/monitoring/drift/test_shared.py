from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from monitoring.drift.shared import SharedCounts, TooManyProcesses
from monitoring.drift.watched import Watched
from monitoring.reference import Reference
from tests.monitoring.drift.conftest import AGE, columns

ROOT = Path(__file__).parents[3]
PROGRAM = """
import os, sys
from pathlib import Path
import numpy as np
from prometheus_client import CollectorRegistry
from monitoring.drift import Watcher
from tests.monitoring.drift.conftest import AGE, columns

registry = CollectorRegistry()
watcher = Watcher(columns(AGE), registry=registry, shared=Path(sys.argv[1]))
row = np.array([[15.0]], "float32")
children = []
while len(sys.argv) > 2 and len(children) < 3 and 0 not in children:
    children.append(os.fork())
for _ in range(100):
    watcher.observe(row)
ok = watcher.flush()
if 0 in children:
    os._exit(not ok)
codes = [os.waitpid(child, 0)[1] for child in children]
labels = {"service": "", "version": "", "model": "", "model_version": "", "role": "input", "feature": "age"}
labels |= {"reference": columns(AGE).hash, "bin": "02"}
print(ok, codes, int(registry.get_sample_value("servewatch_feature_observations_total", labels)))
"""


@pytest.fixture
def watched() -> Watched:
    return Watched({"model": "m"}, columns(AGE))


def run(*arguments: str) -> str:
    """What a process says that watches."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.strip()


def test_each_shows_what_all_have_counted(tmp_path: Path, watched: Watched) -> None:
    """Two that share a folder write to rows of their own and see the sum."""
    one, other = SharedCounts(tmp_path, watched), SharedCounts(tmp_path, watched)
    one.add(np.array([1, 0, 0, 0, 0]))
    other.add(np.array([0, 2, 0, 0, 1]))
    assert one.total().tolist() == other.total().tolist() == [1, 2, 0, 0, 1]


def test_a_row_is_taken_over_when_its_process_ends(tmp_path: Path) -> None:
    """Processes come and go: nothing they counted is lost, and the second needs no second row."""
    assert [run(str(tmp_path)) for _ in range(2)] == ["True [] 100", "True [] 200"]
    assert len(list(tmp_path.glob("*.lock"))) == 1


def test_forked_processes_count_for_themselves(tmp_path: Path) -> None:
    """A watcher that was made before the fork goes on in every child, and no count is written twice or lost."""
    assert run(str(tmp_path), "fork") == "True [0, 0, 0] 400"
    assert 2 <= len(list(tmp_path.glob("*.lock"))) <= 4  # a child that has ended leaves its row to the next


def test_another_reference_has_a_file_of_its_own(tmp_path: Path, watched: Watched) -> None:
    """Counts of old bins never meet new ones."""
    SharedCounts(tmp_path, watched).add(np.array([1, 1, 1, 1, 1]))
    other = Reference(watched.reference.features, watched.reference.extraction, classes=("a",))
    assert sum(SharedCounts(tmp_path, Watched({"model": "m"}, other)).total()) == 0


def test_the_file_has_its_room_from_the_begin(tmp_path: Path, watched: Watched) -> None:
    """No later count needs a block of the disk: on a full one it would end the process that serves."""
    SharedCounts(tmp_path, watched)
    (file,) = tmp_path.glob("*.counts")
    size = file.stat().st_size
    assert size == 256 * watched.width * 8
    assert file.stat().st_blocks * 512 >= size


def test_more_processes_than_rows_are_refused(tmp_path: Path, watched: Watched) -> None:
    """The error names the folder and what to do."""
    held = SharedCounts(tmp_path, watched, rows=1)
    with pytest.raises(TooManyProcesses, match=r"1 processes count in .* already: give each service its folder"):
        SharedCounts(tmp_path, watched, rows=1)
    os.close(held._held)
    assert SharedCounts(tmp_path, watched, rows=1).total().tolist() == [0] * 5
