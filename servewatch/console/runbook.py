"""The runbook as the page gets it: the file of the alerts that are installed, so that it is there without a network."""

from __future__ import annotations

from pathlib import Path

import alerts
from servewatch.console.errors import RunbookMissing

FILE = Path(alerts.__file__).parent / "runbook.md"


def text(file: Path = FILE) -> str:
    """The runbook's Markdown; read anew each time, so that an edit shows at once."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunbookMissing(f"the runbook {file} cannot be read: {error}", "install servewatch again") from None
