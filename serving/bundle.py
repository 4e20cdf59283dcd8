"""A bundle: a service, its models and its environment in one folder that runs elsewhere."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from serving.errors import ServewatchError
from serving.loading import load_service
from serving.pinned import extras_of, pins
from serving.service import definition
from serving.store import Store

MANIFEST, SOURCES, MODELS, PACKAGES, REQUIREMENTS = "bundle.json", "src", "models", "packages", "requirements.txt"
OURS = ("monitoring", "serving", "alerts", "dashboards", "servewatch")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "node_modules", "*.egg-info")


class BundleInvalid(ServewatchError):
    """No bundle can be made of this, or it is none."""

    code = "bundle_invalid"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the manifest of a bundle says."""

    name: str
    version: str
    target: str
    models: tuple[str, ...]
    python: str
    created: str

    @property
    def tag(self) -> str:
        """How its image is called unless another name is given."""
        return f"{self.name}:{self.version}"


def build(target: str, out: Path, include: Sequence[str] = (), requirements: Sequence[str] = ()) -> Path:
    """Write the bundle of MODULE:NAME as a folder of `out`; it replaces what an earlier build left there.

    Its sources are the modules of the working folder that the service imports, and what the patterns of `include`
    match; `requirements` are packages beyond those that servewatch and the models need.
    """
    declared = definition(load_service(target))
    here = Path.cwd()
    made = Bundle(declared.name, declared.version, target, (), f"{sys.version_info.major}.{sys.version_info.minor}", "")
    folder = out / f"{made.name}-{made.version}"
    draft = out / f".{folder.name}.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        copied = _sources(here, draft / SOURCES, include)
        if not any(path.split("/")[0].removesuffix(".py") == target.split(".")[0].split(":")[0] for path in copied):
            raise BundleInvalid(f"{target} is not below {here}", "run it in the folder that holds the service's module")
        models, frameworks = _models([ref.tag for ref in declared.models], draft / MODELS)
        _environment(draft, (*extras_of(frameworks), "tracing"), requirements)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        _describe(draft, Bundle(made.name, made.version, target, models, made.python, now))
        shutil.rmtree(folder, ignore_errors=True)
        return draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read(folder: Path) -> Bundle:
    """What a bundle's manifest says, or an error that tells how one is made."""
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        return Bundle(**{**told, "models": tuple(told["models"])})
    except (OSError, ValueError, KeyError, TypeError):
        raise BundleInvalid(f"{folder} is no bundle", "servewatch build MODULE:NAME makes one") from None


def _sources(here: Path, target: Path, include: Sequence[str]) -> list[str]:
    """Copy what is imported from this folder, whole packages at a time, and what the patterns match."""
    target.mkdir()
    files = [Path(file).resolve() for m in list(sys.modules.values()) if (file := getattr(m, "__file__", None))]
    tops = {path.relative_to(here).parts[0] for path in files if path.is_relative_to(here) and _own(path, here)}
    found = {here / top for top in tops} | {path for pattern in include for path in here.glob(pattern)}
    for pattern in include:
        if not any(here.glob(pattern)):
            raise BundleInvalid(f"--include {pattern!r} matches nothing below {here}", "patterns are as in data/*.json")
    for path in sorted(found):
        _copy(path, target / path.relative_to(here))
    return sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())


def _own(path: Path, here: Path) -> bool:
    """Whether a module is the user's: neither ours, nor installed in an environment that lies in the folder."""
    parts = path.relative_to(here).parts
    return parts[0] not in OURS and not parts[0].startswith(".") and "site-packages" not in parts


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target, ignore=_LEFT_OUT, dirs_exist_ok=True)
    else:
        shutil.copy2(path, target)


def _models(tags: Iterable[str], target: Path) -> tuple[tuple[str, ...], set[str]]:
    """Copy the very versions that the service would load now into a store of the bundle's own."""
    ours, theirs, names, frameworks = Store(), Store(target), [], set()
    target.mkdir()
    for tag in tags:
        info = ours.find(tag)
        shutil.copytree(ours.path(info.tag), theirs.path(info.tag), dirs_exist_ok=True)
        (target / info.name / "latest").write_text(f"{info.version}\n")
        names.append(str(info.tag))
        frameworks.add(info.framework)
    return tuple(sorted(names)), frameworks


def _environment(draft: Path, extras: Sequence[str], requirements: Sequence[str]) -> None:
    root = Path(__file__).parents[1]
    for package in OURS:
        shutil.copytree(root / package, draft / PACKAGES / package, ignore=_LEFT_OUT)
    ours = distribution(OURS[-1])
    told = draft / PACKAGES / f"{OURS[-1]}-{ours.version}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(ours.read_text("METADATA") or "")
    (draft / REQUIREMENTS).write_text("".join(f"{line}\n" for line in pins(extras, requirements)))


def _describe(draft: Path, made: Bundle) -> None:
    (draft / MANIFEST).write_text(json.dumps(asdict(made), indent=2) + "\n")
    (draft / "README.md").write_text(
        f"# {made.name} {made.version}\n\n"
        f"A bundle of `{made.target}`, made on {made.created}. As a container: `servewatch containerize .`\n"
        f"Without one, with Python {made.python}:\n\n"
        f"    python -m venv .venv && .venv/bin/pip install -r {REQUIREMENTS}\n"
        f"    PYTHONPATH={PACKAGES}:{SOURCES} SERVEWATCH_HOME=. .venv/bin/python -m servewatch serve {made.target}\n"
    )
