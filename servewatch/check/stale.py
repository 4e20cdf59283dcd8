"""Whether what is checked is what the declarations of now would generate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from servewatch import generate
from servewatch.check.problem import Problem


def stale(root: Path) -> Iterator[Problem]:
    """One problem for all generated files that are not as the declarations say: their queries are those of before."""
    differences = generate.differences(root)
    if differences:
        files = "\n".join(f"{difference.path}: {difference.what}" for difference in differences)
        place = f"{len(differences)} generated files" if len(differences) > 1 else "this generated file"
        yield Problem(differences[0].path, place, files, "not up to date", "servewatch generate")
