"""The reference beside a model: a file named by its hash, so that another one takes its place in one step."""

from __future__ import annotations

import re
from pathlib import Path

from monitoring.reference import Reference, ReferenceInvalid
from serving.errors import ModelDamaged
from serving.store import files

_FILE = re.compile(r"reference-[0-9a-f]{12}\.json")
_DRAFT = re.compile(r"\.(reference-[0-9a-f]{12}|manifest)\.json-\w+")


def put(folder: Path, reference: Reference) -> None:
    """Write it into a version's folder, which is not sealed yet."""
    files.write_atomically(folder / f"reference-{reference.hash}.json", reference.dumps().encode())


def attach(folder: Path, reference: Reference) -> None:
    """Give a sealed version this reference instead of the one that it has; until the new manifest, it has the old."""
    listed = files.listed(folder)
    old = [name for name in listed if _FILE.fullmatch(name)]
    put(folder, reference)
    name = f"reference-{reference.hash}.json"
    kept = {other: digest for other, digest in listed.items() if other not in old}
    files.write_manifest(folder, {**kept, name: files.digest(folder / name)})
    for other in old:
        if other != name:
            (folder / other).unlink(missing_ok=True)


def find(folder: Path) -> Reference | None:
    """The reference of a version, if it has one."""
    for name in files.listed(folder):
        if _FILE.fullmatch(name):
            try:
                return Reference.load(folder / name)
            except (OSError, ReferenceInvalid) as error:
                raise ModelDamaged(f"{folder / name} cannot be read: {error}", "learn the reference again") from None
    return None


def is_stray(name: str) -> bool:
    """Whether a file that no manifest lists is a reference whose taking its place was cut short."""
    return (_FILE.fullmatch(name) or _DRAFT.fullmatch(name)) is not None
