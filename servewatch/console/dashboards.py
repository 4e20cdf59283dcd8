"""The dashboards as the page gets them: the generated JSON, read from a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from servewatch.console.errors import DashboardInvalid, RouteUnknown


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DashboardInvalid(f"{file} cannot be read as a dashboard: {error}", "servewatch generate") from None
    if not isinstance(found, dict) or not {"uid", "title", "panels"} <= found.keys():
        raise DashboardInvalid(f"{file} has no uid, title and panels: it is no dashboard", "servewatch generate")
    return found


def read_all(folder: Path) -> list[dict[str, Any]]:
    """Every dashboard of the folder, by title; read anew each time, so that a generated one shows at once."""
    return sorted((_read(file) for file in folder.glob("*.json")), key=lambda found: str(found["title"]))


def entry(dashboard: dict[str, Any]) -> dict[str, Any]:
    """What a list says of a dashboard."""
    return {
        "uid": dashboard["uid"],
        "title": dashboard["title"],
        "description": dashboard.get("description", ""),
        "tags": dashboard.get("tags", []),
    }


def find(folder: Path, uid: str) -> dict[str, Any]:
    """The dashboard with this uid."""
    found = read_all(folder)
    for dashboard in found:
        if dashboard["uid"] == uid:
            return dashboard
    known = ", ".join(str(dashboard["uid"]) for dashboard in found) or "none"
    raise RouteUnknown(f"there is no dashboard {uid!r}; there are: {known}", "servewatch generate")
