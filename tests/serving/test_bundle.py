from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving.bundle import BundleInvalid, read

SERVICE = """
from helper import GREETING
from serving import api, service

@service(name="greeter", version="1.2.0")
class Greeter:
    @api
    def greet(self, who: str) -> str:
        return GREETING + who
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "greeter.py").write_text(SERVICE)
    (tmp_path / "helper.py").write_text('GREETING = "hello "\n')
    (tmp_path / "unused.py").write_text("")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "names.json").write_text("[]")
    return tmp_path


def run(project: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SERVEWATCH_HOME": str(project / "home"), **more}
    command = [sys.executable, "-m", "servewatch", *words]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=60)


def test_a_bundle_holds_what_the_service_imports_and_pins_what_it_needs(project: Path) -> None:
    """Its own modules and the files asked for are in it, no others; every package has an exact version."""
    made = run(project, "build", "greeter:Greeter", "--include", "data/*.json", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    folder = project / told["path"]
    assert (told["name"], told["version"], told["target"]) == ("greeter", "1.2.0", "greeter:Greeter")
    copied = {path.relative_to(folder / "src").as_posix() for path in (folder / "src").rglob("*") if path.is_file()}
    assert copied == {"greeter.py", "helper.py", "data/names.json"}
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert "uvicorn" in [line.split("==")[0] for line in lines]
    assert not [line for line in lines if "==" not in line or line.startswith("torch")]


def test_a_bundle_is_complete(project: Path) -> None:
    """From its own copies alone, in another folder, the service can be imported."""
    assert run(project, "build", "greeter:Greeter").returncode == 0
    folder = project / "bundles" / "greeter-1.2.0"
    code = "import greeter, serving, helper; print(serving.__file__, helper.__file__)"
    assert len(list((folder / "packages").glob("servewatch-*.dist-info/METADATA"))) == 1
    paths = os.pathsep.join(str(folder / name) for name in ("packages", "src"))
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(str(folder) in path for path in told.stdout.split())


def test_a_second_build_replaces_the_first(project: Path) -> None:
    """What was deleted meanwhile is not in it any more, and no draft is left."""
    assert run(project, "build", "greeter:Greeter", "--include", "data/*").returncode == 0
    assert run(project, "build", "greeter:Greeter").returncode == 0
    assert [path.name for path in (project / "bundles").iterdir()] == ["greeter-1.2.0"]
    assert not (project / "bundles" / "greeter-1.2.0" / "src" / "data").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("greeter:Other",), "greeter has no class 'Other'"),
        (("greeter:Greeter", "--include", "none/*"), "--include 'none/*' matches nothing"),
        (("greeter:Greeter", "--requirement", "no-such-package-x"), "package 'no-such-package-x' is not installed"),
    ],
)
def test_what_cannot_be_bundled_is_told(project: Path, words: tuple[str, ...], message: str) -> None:
    """The error is short and names what to change, and no half of a bundle is left."""
    answer = run(project, "build", *words)
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list((project / "bundles").glob("*")) == []


def test_a_folder_that_is_no_bundle_is_told(tmp_path: Path) -> None:
    """The error says how a bundle is made."""
    with pytest.raises(BundleInvalid, match="is no bundle") as error:
        read(tmp_path)
    assert "servewatch build" in error.value.help
