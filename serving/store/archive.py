"""A version of a model in one file, to move it from store to store."""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path

from serving.errors import ModelDamaged, StoreError
from serving.store import files, references
from serving.store.model import ModelInfo
from serving.store.store import INFO, Store


def export(store: Store, text: str, target: Path) -> Path:
    """Write a version as .tar.gz; into a folder, it gets a name of its own."""
    info = store.find(text)
    folder = store.path(info.tag)
    files.verify(folder, references.is_stray)
    if target.is_dir():
        target = target / f"{info.name}-{info.version}.tar.gz"
    draft = target.with_name(f".{target.name}.part")
    try:
        with tarfile.open(draft, "w:gz") as archive:
            archive.add(folder, arcname=".", filter=_anonymous)
        return draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreError(f"{target} cannot be written: {error.strerror}", "name a file in a folder of yours") from None


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _only_files(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """Files and folders that stay inside; links and devices never were in what `export` writes."""
    if not member.isreg() and not member.isdir():
        raise tarfile.SpecialFileError(member)
    return tarfile.data_filter(member, path)


def take_in(store: Store, source: Path) -> ModelInfo:
    """Import what `export` wrote: unpacked safely, checked against its manifest, then published."""
    if not source.is_file():
        raise StoreError(f"{source} is not a file", "servewatch models export NAME writes one")
    with files.draft(store.folder) as draft:
        try:
            with tarfile.open(source, "r:gz") as archive:
                archive.extractall(draft, filter=_only_files)
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise ModelDamaged(f"{source} cannot be unpacked: {error}", "export the model again") from None
        files.verify(draft, references.is_stray)
        info = ModelInfo.read(draft / INFO)
        store.publish(draft, info.tag)
    return info
