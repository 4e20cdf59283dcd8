"""The bill of materials of an environment: every installed package, as CycloneDX 1.6 in JSON."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

SPEC = "1.6"
DEBIAN = Path("/var/lib/dpkg/status")
OURS = "servewatch"


def bill(found: Iterable[Distribution] | None = None, debian: Path = DEBIAN) -> dict[str, Any]:
    """What is installed in this environment, and below it where Debian's list is there."""
    python = sorted(_python(distributions() if found is None else found), key=lambda part: str(part["purl"]))
    components = [*python, *sorted(_debian(debian), key=lambda part: str(part["purl"]))]
    ours = next((part for part in python if part["name"] == OURS), None)
    names = "\n".join(str(part["purl"]) for part in components)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        # Made of the content, so that the same environment gives the same file.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, names)}",
        "version": 1,
        "metadata": {"component": ours} if ours else {},
        "components": [part for part in components if part is not ours],
    }


def _python(found: Iterable[Distribution]) -> Iterator[dict[str, Any]]:
    seen = set()
    for distribution in found:
        told = distribution.metadata
        name = re.sub(r"[-_.]+", "-", told["Name"] or "").lower()
        version = distribution.version.replace("+", "%2B")
        if not name or name in seen:  # the first on the path is the one that is imported
            continue
        seen.add(name)
        purl = f"pkg:pypi/{name}@{version}"
        part = {"type": "library", "bom-ref": purl, "name": name, "version": distribution.version, "purl": purl}
        expression, text = ((told.get_all(field) or [""])[0] for field in ("License-Expression", "License"))
        yield part | _licences(expression, text, told.get_all("Classifier") or [])


def _licences(expression: str, text: str, classifiers: list[str]) -> dict[str, Any]:
    if expression:
        return {"licenses": [{"expression": expression}]}
    named = [line.split(" :: ")[-1] for line in classifiers if line.startswith("License :: ")]
    if not named and text and len(text) < 80 and "\n" not in text:
        named = [text]
    return {"licenses": [{"license": {"name": name}} for name in named]} if named else {}


def _debian(status: Path) -> Iterator[dict[str, Any]]:
    """What dpkg says is installed."""
    if not status.is_file():
        return
    for entry in status.read_text(encoding="utf-8", errors="replace").split("\n\n"):
        told = dict(re.findall(r"^(Package|Version|Architecture|Status): (.+)$", entry, re.MULTILINE))
        if not told.get("Status", "").endswith(" installed") or "Version" not in told:
            continue
        name, version = told["Package"], told["Version"]
        purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={told['Architecture']}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
