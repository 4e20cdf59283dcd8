"""Drift: how far live inputs and outputs are from the reference, and when that is more than chance."""

from __future__ import annotations

from alerts.drift import alarms, counts, decisions, scores
from alerts.rules import Alert, Recording
from alerts.windows import Windows

WINDOWS = Windows()
"""What is generated unless the settings say otherwise."""


def rules(windows: Windows) -> tuple[tuple[Recording, ...], tuple[Alert, ...]]:
    """The recordings and the alerts for these windows."""
    recordings = (part.recordings(windows) for part in (counts, scores, decisions))
    return tuple(rule for part in recordings for rule in part), tuple(alarms.alerts(windows))


RECORDINGS, ALERTS = rules(WINDOWS)
