"""A version of a model in one file, to move it from store to store."""

from __future__ import annotations

import tarfile
from pathlib import Path

from serving.errors import ModelDamaged, StoreError
from serving.store import files
from serving.store.model import ModelInfo
from serving.store.store import INFO, Store


def export(store: Store, text: str, target: Path) -> Path:
    """Write a version as .tar.gz; into a folder, it gets a name of its own."""
    info = store.find(text)
    folder = store.path(info.tag)
    files.verify(folder)
    if target.is_dir():
        target = target / f"{info.name}-{info.version}.tar.gz"
    with tarfile.open(target, "w:gz") as archive:
        archive.add(folder, arcname=".")
    return target


def take_in(store: Store, source: Path) -> ModelInfo:
    """Import what `export` wrote: unpacked safely, checked against its manifest, then published."""
    if not source.is_file():
        raise StoreError(f"{source} is not a file", "servewatch models export NAME writes one")
    with files.draft(store.folder) as draft:
        try:
            with tarfile.open(source) as archive:
                archive.extractall(draft, filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ModelDamaged(f"{source} cannot be unpacked: {error}", "export the model again") from None
        info = ModelInfo(**files.read_json(draft / INFO))
        files.verify(draft)
        (store.folder / info.tag.name).mkdir(exist_ok=True)
        store.publish(draft, info.tag)
    return info
