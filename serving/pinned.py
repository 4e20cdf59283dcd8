"""Exact versions of what an environment has, for one that shall be the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, distribution

from serving.errors import ServewatchError
from serving.store.frameworks import FRAMEWORKS

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")


class PackageMissing(ServewatchError):
    """A package whose version is to be pinned is not installed."""

    code = "package_invalid"


def extras_of(frameworks: Collection[str]) -> tuple[str, ...]:
    """The extras that models of these frameworks need."""
    return tuple(sorted({FRAMEWORKS[name] for name in frameworks if name in FRAMEWORKS}))


def pins(extras: Sequence[str] = (), requirements: Iterable[str] = ()) -> list[str]:
    """NAME==VERSION of all that servewatch with these extras, and the requirements, need and have here.

    What is needed on other systems only is not here, so it is left out.
    """
    found: dict[str, str] = {}
    _walk("servewatch", extras, found, wanted=True)
    del found["servewatch"]
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match is None:
            raise PackageMissing(f"{requirement!r} does not name a package", "write one as pandas or pandas[excel]")
        _walk(match[1], (match[2] or "").split(","), found, wanted=True)
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def _walk(name: str, extras: Sequence[str], found: dict[str, str], wanted: bool = False) -> None:
    key = re.sub(r"[-_.]+", "-", name).lower()
    known = key in found
    if known and not any(extras):
        return
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        if not wanted:
            return
        raise PackageMissing(f"package {name!r} is not installed here", f"pip install {name}") from None
    # A local version, such as +cpu, is that of another index: which one is for who builds to say.
    found[key] = installed.version.split("+")[0]
    for needed in installed.requires or ():
        requirement, _, marker = needed.partition(";")
        of = _EXTRA.search(marker)
        match = _REQUIREMENT.match(requirement)
        if match is None or (of is None and known) or (of is not None and of[1] not in extras):
            continue
        _walk(match[1], [part.strip() for part in (match[2] or "").split(",")], found)
