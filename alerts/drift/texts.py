"""What a notification looks up: it is sent once, and must name what a reader would ask first."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.drift.series import (
    BIN_DELTA,
    FEATURE,
    PSI,
    QUALITY_RATIO,
    QUALITY_REFERENCE_RATIO,
    ROWS,
    SCORE,
    SERVICE,
    WINDOWED,
    Z_CRITICAL,
)

MOVED = 3
"""How many bins a notification names."""

_WINDOW = "$one.Labels.window"
_SURE = f"{SCORE.name}%[1]s > on (service, window) group_left () {Z_CRITICAL.name}"
_KIND = (*FEATURE, "kind")


def scores() -> str:
    """Each window that differs surely, the surest first, as `23.6 over 1d (limit 3.6), 17.9 over 1h (limit 4.2)`."""
    limit = _number(Z_CRITICAL.name, SERVICE, "%.1f")
    shown = f'{{{{ $one.Value | printf "%.1f" }}}} over {{{{ {_WINDOW} }}}} (limit {limit})'
    return _each(f"sort_desc({_SURE})", FEATURE, shown)


def moved() -> str:
    """How far the surest window is from the reference, and the bins whose share changed most, as `03 +12.5`."""
    delta, most = BIN_DELTA.name, f"topk({MOVED}, abs({BIN_DELTA.name}%[1]s))"
    found = _query(f"sort_desc(100 * ({delta}%[1]s and {most}))", WINDOWED)
    bins = '{{ if $at }}, {{ end }}{{ $bin.Labels.bin }} {{ $bin.Value | printf "%+.1f" }}'
    psi, rows = _number(PSI.name, WINDOWED, "%.3f"), _number(ROWS.name, WINDOWED, "%.0f")
    told = f"PSI {psi} over {{{{ {_WINDOW} }}}}, in {rows} rows. Moved most, in percent of them: "
    told += f"{{{{ range $at, $bin := {found} }}}}{bins}{{{{ end }}}}."
    return f"{{{{ range $one := {_query(f'topk(1, {_SURE})', FEATURE)} }}}}{told}{{{{ end }}}}"


def shares() -> str:
    """How many rows of each window have the fault, as `5.0% of 2400 rows over 1h`, and how many of the reference's."""
    percent, rows = '{{ $one.Value | printf "%.1f" }}%', _number(ROWS.name, WINDOWED, "%.0f")
    live = _each(
        f"sort_desc(100 * {QUALITY_RATIO.name}%[1]s)", _KIND, f"{percent} of {rows} rows over {{{{ {_WINDOW} }}}}"
    )
    return f"{live}; {_each(f'100 * {QUALITY_REFERENCE_RATIO.name}%[1]s', _KIND, percent)} of the reference"


def _each(text: str, labels: Iterable[str], shown: str) -> str:
    comma = "{{ if $n }}, {{ end }}"
    return f"{{{{ range $n, $one := {_query(text, labels)} }}}}{comma}{shown}{{{{ end }}}}"


def _number(name: str, labels: Iterable[str], shape: str) -> str:
    """The one value of a series that has these labels in common with the alert, over the window of `$one`."""
    found = _query(f"{name}%[1]s", labels)
    return f'{{{{ with {found} }}}}{{{{ . | first | value | printf "{shape}" }}}}{{{{ end }}}}'


def _query(text: str, labels: Iterable[str]) -> str:
    # Values are quoted by %q, so that a name with quotes cannot break the query.
    named = tuple(labels)
    inside = ",".join(f"{label}=%q" for label in named)
    values = " ".join(_WINDOW if label == "window" else f"$labels.{label}" for label in named)
    return f'printf "{text}" (printf "{{{inside}}}" {values}) | query'
