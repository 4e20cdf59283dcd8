"""Files that are there whole or not at all, and a manifest that tells when one has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from serving.errors import ModelDamaged

MANIFEST = "manifest.json"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(handle, 0o644)  # a container's user may be another than the one who trained
            os.fsync(handle)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, readable by people."""
    write_atomically(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; a broken one names itself."""
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ModelDamaged(f"{path} cannot be read: {error}", "save or import the model again") from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold off other processes that would change the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def draft(parent: Path) -> Iterator[Path]:
    """A hidden folder to fill and then to publish; if it was not published, nothing of it is left."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent, prefix=".draft-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, target: Path) -> None:
    """Give a complete folder its name, in one step; a name that is taken raises FileExistsError."""
    for path in [*folder.rglob("*"), folder]:
        _sync(path)
    folder.chmod(0o755)
    try:
        folder.rename(target)
    except OSError as error:
        if target.exists():
            raise FileExistsError(target) from error
        raise
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """SHA-256 of a file, in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inventory(folder: Path) -> dict[str, str]:
    """Each file of a folder, but the manifest, with its SHA-256; a link is never what was saved."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file())
    found = {}
    for path in files:
        if path != folder / MANIFEST:
            with suppress(FileNotFoundError):  # it is being replaced just now
                found[str(path.relative_to(folder))] = "link" if path.is_symlink() else digest(path)
    return found


def seal(folder: Path) -> dict[str, str]:
    """Write the manifest of a folder's files and give it."""
    found = inventory(folder)
    write_manifest(folder, found)
    return found


def write_manifest(folder: Path, digests: dict[str, str]) -> None:
    """Say which files a folder has."""
    write_json(folder / MANIFEST, {"sha256": digests})


def listed(folder: Path) -> dict[str, str]:
    """Each file that the manifest lists, with its SHA-256."""
    manifest = read_json(folder / MANIFEST)
    wanted = manifest.get("sha256") if isinstance(manifest, dict) else None
    if not isinstance(wanted, dict):
        raise ModelDamaged(f"{folder / MANIFEST} lists no files", "save or import the model again")
    return wanted


def verify(folder: Path, stray: Callable[[str], bool] = lambda name: False) -> None:
    """Raise where a file is missing, added or not the one that was saved; added ones that are `stray` do not count."""
    wanted = listed(folder)
    found = {name: digest for name, digest in inventory(folder).items() if name in wanted or not stray(name)}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) == found.get(name):
            continue
        problem = "is missing" if name not in found else "was added" if name not in wanted else "has changed"
        raise ModelDamaged(
            f"{folder / name} {problem} since the model was saved",
            "delete this version and save or import the model again",
        )
