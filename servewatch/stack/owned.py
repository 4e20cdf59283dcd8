"""A service of one's own in containers: the files of what watches it, its bundle, and the image of that."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from servewatch.stack import containerize, dotenv, hints
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options
from serving.settings import inherited_environment

IMAGE, SERVICE, TRAFFIC = (f"{dotenv.PREFIX}{name}" for name in ("IMAGE", "SERVICE", "TRAFFIC"))
INDEX = "PIP_EXTRA_INDEX_URL"
NEEDS = """where it needs more than what it imports from this folder:
  servewatch build {service} --requirement PACKAGE --include FILES
  servewatch containerize bundles/NAME-VERSION
  SERVEWATCH_IMAGE=NAME:VERSION servewatch up --compose --service {service}"""
"""What to do where the image that is made by itself lacks something: told where its container does not get ready."""


def variables(options: Options, folder: Path, given: Mapping[str, str], say: Callable[[str], None]) -> dict[str, str]:
    """Make what docker-compose.yml needs for this service; what is given already is used as it is."""
    found = {SERVICE: options.service, TRAFFIC: "0"}
    if not given.get(dotenv.FOLDER):
        out = watched(options)
        _servewatch(options, folder, "generate", "--service", options.service, "--out", str(out))
        say(f"all that watches {options.service} is in {hints.shown(out)}")
        found[dotenv.FOLDER] = str(out)
    if not given.get(IMAGE):
        found[IMAGE] = _image(options, folder, given.get(INDEX, ""), say)
    return found


def watched(options: Options) -> Path:
    """The folder of all that watches it, which Prometheus and Grafana have mounted."""
    return options.folder / "watched"


def contents(folder: Path) -> dict[Path, bytes]:
    """Each file of a folder, for `restore`."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def restore(folder: Path, before: Mapping[Path, bytes]) -> None:
    """Make the files of a folder what they were, each in its place: another folder would not be the mounted one."""
    for name in contents(folder).keys() - before.keys():
        (folder / name).unlink()
    for name, content in before.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def environment(folder: Path) -> dict[str, str]:
    """The variables as Compose reads them: those of .env, and over them those of this process."""
    ours = {name: value for name, value in inherited_environment().items() if value}
    return {**dotenv.read(folder / ".env"), **ours}


def _image(options: Options, folder: Path, index: str, say: Callable[[str], None]) -> str:
    bundles = options.folder / "bundles"
    shutil.rmtree(bundles, ignore_errors=True)
    _servewatch(options, folder, "build", options.service, "--out", str(bundles))
    (bundle,) = bundles.iterdir()
    return containerize.build(bundle, None, (f"{INDEX}={index}",) if index else (), say)


def _servewatch(options: Options, folder: Path, *words: str) -> None:
    """Run a command of ours in a process of its own, as it imports a user's module."""
    done = subprocess.run(
        [sys.executable, "-m", "servewatch", *words],
        cwd=folder,
        env={**inherited_environment(), "SERVEWATCH_HOME": str(options.home)},
        stdout=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise StackError(
            f"servewatch {words[0]} of {options.service} failed, see above",
            f"in the folder of its module: servewatch {words[0]} --help; without containers: servewatch up --native",
        )
