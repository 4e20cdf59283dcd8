"""The built page that is shipped, and whether it was built from the sources beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
FILES = (
    "index.html",
    "app.js",
    "style.css",
    "icon.svg",
    "inter-latin-wght-normal.woff2",
    "LICENSES.txt",
    "profile.json",
    "BUILD",
)
"""What the page consists of."""


def sources_hash(folder: Path = FOLDER) -> str:
    """One hash over every source of the page; `npm run build` writes the same into static/BUILD."""
    sources = [file for file in (folder / "src").rglob("*") if file.is_file()]
    sources += [folder / "package-lock.json", folder / "build.mjs"]
    named = sorted((file.relative_to(folder).as_posix(), file) for file in sources)
    digest = hashlib.sha256()
    for name, file in named:
        digest.update(f"{name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()
