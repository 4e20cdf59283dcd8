"""The model store: folders of versions, written whole, checked when loaded."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitoring.reference import Reference
from serving.devices import Tuning
from serving.errors import ModelDamaged, ModelNotFound, StoreError
from serving.settings import Settings
from serving.store import files, frameworks, hints, objects, references
from serving.store.model import Model, ModelInfo
from serving.store.tag import LATEST, Tag

INFO, MODEL = "model.json", "model"


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """Models under one folder: `NAME/VERSION/`, and beside the versions a file `latest` that names one."""

    def __init__(self, folder: Path | None = None, now: Callable[[], datetime] = _now) -> None:
        self.folder = folder or Settings.load().store
        self._now = now

    def save(
        self,
        tag: str,
        model: Any,
        *,
        labels: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        custom: Mapping[str, Any] | None = None,
        reference: Reference | None = None,
        **options: Any,
    ) -> ModelInfo:
        """Save a model as `name` (the version is then made of time and content) or `name:version`; it becomes latest.

        `custom` are objects to be given back with the model, such as class names; `reference` is what its traffic
        is compared with; `options` go to the model's framework, which says which it takes.
        """
        name, _, wanted = tag.partition(":")
        Tag(name, wanted or LATEST)
        framework = frameworks.of(model)
        with files.draft(self.folder) as draft:
            (draft / MODEL).mkdir()
            recorded = framework.save(model, draft / MODEL, **options)
            objects.write(draft, custom or {})
            if reference is not None:
                references.put(draft, reference)
            info = ModelInfo(
                name=name,
                version=wanted or self._new_version(draft),
                framework=framework.name,
                created=self._now().isoformat(timespec="milliseconds"),
                labels=objects.labels(labels or {}),
                metadata=objects.metadata(metadata or {}),
                options=recorded,
                size=sum(path.stat().st_size for path in draft.rglob("*") if path.is_file()),
            )
            files.write_json(draft / INFO, {**info.listed(), "options": recorded})
            files.seal(draft)
            self.publish(draft, info.tag)
        return info

    def publish(self, draft: Path, tag: Tag) -> None:
        """Put a complete, sealed folder under its tag and make it the latest."""
        if tag.version == LATEST:
            raise StoreError("a version cannot be called 'latest'", "name another, or none")
        with files.locked(self.folder):
            (self.folder / tag.name).mkdir(exist_ok=True)
            try:
                files.publish(draft, self.path(tag))
            except FileExistsError:
                told = hints.command(f"servewatch models delete {tag}", self.folder, f"delete({str(tag)!r})")
                raise StoreError(f"{tag} is in the store already", told) from None
            self._point(tag)

    def _point(self, tag: Tag) -> None:
        files.write_atomically(self.folder / tag.name / LATEST, tag.version.encode() + b"\n")

    def _new_version(self, draft: Path) -> str:
        content = hashlib.sha256(repr(files.inventory(draft)).encode()).hexdigest()
        return f"{self._now():%Y%m%dT%H%M%S.%f}"[:19] + f"-{content[:6]}"

    def path(self, tag: Tag) -> Path:
        """The folder of a version."""
        return self.folder / tag.name / tag.version

    def find(self, text: str) -> ModelInfo:
        """What the store knows of `name`, `name:version` or `name:latest`."""
        tag = Tag.parse(text)
        if tag.version == LATEST:
            tag = Tag(tag.name, self._latest(tag.name))
        if not (self.path(tag) / INFO).is_file():
            raise self._missing(tag)
        return ModelInfo.read(self.path(tag) / INFO)

    def _latest(self, name: str) -> str:
        """What the pointer says; where it says nothing, or names what is being deleted just now, the newest."""
        pointer = self.folder / name / LATEST
        try:
            pointed = Tag(name, pointer.read_text().strip())
        except FileNotFoundError:
            pointed = None
        if pointed is not None and (self.path(pointed) / INFO).is_file():
            return pointed.version
        if versions := self.list(name):
            return versions[-1].version
        raise self._missing(Tag(name))

    def _missing(self, tag: Tag) -> ModelNotFound:
        versions = [info.version for info in self.list(tag.name)]
        if versions:
            message = f"model {tag.name!r} has no version {tag.version!r} in the store; it has {_names(versions)}"
        else:
            held = _names(sorted({info.name for info in self.list()})) or "no model"
            message = f"model {tag.name!r} is not in the store; it has {held}"
        return ModelNotFound(message, hints.command("servewatch models list", self.folder, "list()"))

    def list(self, name: str = "*") -> list[ModelInfo]:
        """Every version, or those of one name, oldest first."""
        names = _folders(self.folder) if name == "*" else [name]
        found = [info for each in names for info in self._versions(self.folder / each)]
        return sorted(found, key=lambda info: (info.name, info.created, info.version))

    def _versions(self, folder: Path) -> Iterator[ModelInfo]:
        for version in _folders(folder):
            path = folder / version / INFO
            try:
                yield ModelInfo.read(path)
            except ModelDamaged:
                if path.is_file():  # else it was deleted while we looked
                    raise

    def load(self, text: str, *, device: str = "auto", threads: int = 1, tuning: Tuning | None = None) -> Model:
        """Load a model after checking each of its files against the manifest, and tune it if its framework can."""
        info = self.find(text)
        folder = self.path(info.tag)
        reference = self._verified(folder)
        framework = frameworks.named(info.framework)
        raw, predict = framework.load(folder / MODEL, info.options, device, threads)
        if tuning is not None and (tune := getattr(framework, "tuned", None)) is not None:
            predict = tune(raw, device, tuning)
        return Model(info, folder, predict, objects=objects.read(folder), raw=raw, reference=reference)

    def attach(self, text: str, reference: Reference) -> ModelInfo:
        """Give a version that is in the store this reference, instead of the one that it may have."""
        with files.locked(self.folder):
            info = self.find(text)
            files.verify(self.path(info.tag), references.is_stray)
            references.attach(self.path(info.tag), reference)
        return info

    def reference(self, text: str) -> Reference | None:
        """The reference of a version, if it has one."""
        return references.find(self.path(self.find(text).tag))

    def _verified(self, folder: Path) -> Reference | None:
        """Check each file, and read the reference; where it was just replaced, once more when that is done."""
        try:
            files.verify(folder, references.is_stray)
            return references.find(folder)
        except ModelDamaged:
            if not os.access(self.folder, os.W_OK):
                raise
            with files.locked(self.folder):
                files.verify(folder, references.is_stray)
                return references.find(folder)

    def delete(self, text: str) -> ModelInfo:
        """Remove one version; if it was the latest, the newest that is left is it then."""
        with files.locked(self.folder):
            info = self.find(text)
            latest = self._latest(info.name)
            with files.draft(self.folder) as grave:
                self.path(info.tag).rename(grave / "deleted")
            left = self.list(info.name)
            if not left:
                shutil.rmtree(self.folder / info.name)
            elif latest == info.version:
                self._point(left[-1].tag)
        return info

    def __iter__(self) -> Iterator[ModelInfo]:
        return iter(self.list())


def _folders(folder: Path) -> list[str]:
    """What is in a folder, but what is hidden; others may be adding and deleting meanwhile."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith(".") and name != LATEST)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _names(values: list[str]) -> str:
    return ", ".join(repr(value) for value in values[-5:])
