"""What a notification looks up: it is sent once, and must name what a reader would ask first."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.drift.decisions import tests_a_month
from alerts.drift.series import BIN_DELTA, FEATURES, SERVICE, WINDOWED, Z_CRITICAL
from alerts.windows import Windows

MOVED = 3
"""How many bins a notification names."""


def number(name: str, labels: Iterable[str], shape: str) -> str:
    """The one value of a series that has these labels in common with the alert."""
    return f'{{{{ with {_lookup(name, labels)} }}}}{{{{ . | first | value | printf "{shape}" }}}}{{{{ end }}}}'


def moved() -> str:
    """The bins whose share changed most, as `03 +12.5, missing -2.0`."""
    delta, most = BIN_DELTA.name, f"topk({MOVED}, abs({BIN_DELTA.name}%[1]s))"
    found = _query(f"sort_desc(100 * ({delta}%[1]s and {most}))", WINDOWED)
    shown = '{{ if $at }}, {{ end }}{{ $bin.Labels.bin }} {{ $bin.Value | printf "%+.1f" }}'
    return f"{{{{ range $at, $bin := {found} }}}}{shown}{{{{ end }}}}"


def decided(windows: Windows) -> str:
    """How the limit of the score came about: from how much is watched, how often, and what is accepted."""
    tests = " and ".join(f"{tests_a_month(windows, window):.0f} over {window}" for window in windows.windows)
    return (
        f"The limit of the score was {number(Z_CRITICAL.name, SERVICE, '%.2f')}: the service watched "
        f"{number(FEATURES.name, SERVICE, '%.0f')} features, each is tested {tests} times a month, and of "
        f"false alarms {windows.false_pages:g} a month is accepted."
    )


def _lookup(name: str, labels: Iterable[str]) -> str:
    return _query(f"{name}%[1]s", labels)


def _query(text: str, labels: Iterable[str]) -> str:
    # Values are quoted by %q, so that a name with quotes cannot break the query.
    named = tuple(labels)
    inside = ",".join(f"{label}=%q" for label in named)
    matching = f'(printf "{{{inside}}}" {" ".join(f"$labels.{label}" for label in named)})'
    return f'printf "{text}" {matching} | query'
