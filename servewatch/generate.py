"""Every generated file, from one list: written, or compared with what is there."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import alerts
from alerts import adapters, alertmanager, slo
from servewatch import watched, windows
from servewatch.stack import composed

ROOT = Path(alerts.__file__).parent.parent
"""The folder that holds our packages: the checkout, or where they are installed."""

_NAMES = ("alerts/generated", "dashboards/generated", "dashboards/provisioning", "servewatch/stack/generated")
FOLDERS = tuple(map(Path, _NAMES))
"""Folders with nothing in them but generated files."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as generated."""

    path: Path
    what: Literal["missing", "differs", "orphan"]
    detail: str = ""


def files() -> dict[Path, str]:
    """Render every generated file: its path below the root, and its text."""
    # Here and not above: nothing but generating needs grafanalib.
    import dashboards
    from dashboards import grafana
    from servewatch import documents

    rules, boards, provisioning, stack = FOLDERS
    found = {
        rules / f"{topic}.rules.yml": alerts.rules_file(topic, alerts.RECORDINGS, alerts.ALERTS)
        for topic in alerts.TOPICS
    }
    found[rules / "slo.rules.yml"] = slo.rules(slo.own(Path.cwd()))
    found |= {rules / name: text for name, text in windows.rule_files(windows.chosen()).items()}
    found |= {rules / name: text for name, text in adapters.files().items()}
    found[rules / "alertmanager.yml"] = alertmanager.config()
    found |= {stack / name: text for name, text in composed.files().items()}
    found |= {boards / f"{name}.json": text for name, text in dashboards.DASHBOARDS.items()}
    found |= {provisioning / name: text for name, text in grafana.files().items()}
    found |= documents.files()
    return found


def differences(root: Path = ROOT, wanted: dict[Path, str] | None = None) -> list[Difference]:
    """Compare both ways: what is missing, what differs, and what nothing generates.

    Where other files than ours are wanted, of what else lies there only what was generated is ours to judge.
    """
    ours = wanted is None
    wanted = files() if wanted is None else wanted
    found = [difference for path, text in wanted.items() for difference in _compare(root, path, text)]
    left = [path for path in _present(root) if path not in wanted] if ours else watched.orphans(root, wanted)
    return found + [Difference(path, "orphan") for path in left]


def write(root: Path = ROOT, wanted: dict[Path, str] | None = None) -> list[Difference]:
    """Write what is missing or differs and remove orphans; answers what was changed."""
    changed = differences(root, wanted)
    wanted = files() if wanted is None else wanted
    for difference in changed:
        path = root / difference.path
        if difference.what == "orphan":
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[difference.path], encoding="utf-8")
    return changed


def _present(root: Path) -> list[Path]:
    there = (path for folder in FOLDERS for path in (root / folder).rglob("*"))
    return sorted(path.relative_to(root) for path in there if path.is_file() and "__pycache__" not in path.parts)


def _compare(root: Path, path: Path, text: str) -> Iterator[Difference]:
    file = root / path
    if not file.is_file():
        yield Difference(path, "missing")
        return
    there = file.read_text(encoding="utf-8", errors="replace")
    if there != text:
        lines = difflib.unified_diff(there.splitlines(), text.splitlines(), "there", "generated", lineterm="", n=1)
        yield Difference(path, "differs", "\n".join(lines))
