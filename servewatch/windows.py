"""The windows of drift and quality that the settings ask for, and the rule files that follow them."""

from __future__ import annotations

from dataclasses import replace

from alerts import drift, quality
from alerts.rules import rules_file
from alerts.windows import Windows, WindowsInvalid
from serving.errors import SettingInvalid
from serving.settings import PREFIX, Settings

DEMO = {"drift_step": "1m", "drift_windows": "10m 1h 1d"}
"""What the demo's stack has in place of the usual windows: somebody waits for its drift to be told."""


def chosen(settings: Settings | None = None, demo: bool = False) -> Windows:
    """The windows, the step and the false alarms that the environment asks for, or the usual ones."""
    wanted = settings or Settings.load()
    if demo and all(getattr(wanted, name) == getattr(Settings(), name) for name in DEMO):
        wanted = replace(wanted, **DEMO)  # type: ignore[arg-type]
    try:
        return Windows(
            step=wanted.drift_step,
            windows=tuple(wanted.drift_windows.split()),
            scrape=wanted.drift_scrape,
            false_pages=wanted.drift_false_pages,
        )
    except WindowsInvalid as invalid:
        given = f"{wanted.drift_windows}, step {wanted.drift_step}, scrape {wanted.drift_scrape}"
        raise SettingInvalid(
            f"{PREFIX}DRIFT_WINDOWS", given, f"windows like '1h 1d' and a step of 5m; {invalid}"
        ) from None


def rule_files(windows: Windows) -> dict[str, str]:
    """The rule files that depend on the windows, by name."""
    found, found_alerts = drift.rules(windows)
    return {
        "drift.rules.yml": rules_file("drift", found, found_alerts),
        "quality.rules.yml": rules_file("quality", tuple(quality.recordings(windows)), quality.alerts(windows)),
    }
