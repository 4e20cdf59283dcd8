"""Texts around queries: the variables in them, the labels that legends and annotations name."""

from __future__ import annotations

import re

_BUILT_IN = {"__rate_interval": "5m", "__interval": "1m", "__range": "1h"}
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|([a-zA-Z_]\w*))")
_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_ANNOTATION = re.compile(r"\$labels\.(\w+)")
_ASKED = re.compile(r"label_values\((?:(?P<selector>.+),\s*)?(?P<label>\w+)\)\Z", re.DOTALL)


def plain(text: str, values: dict[str, str] | None = None) -> str:
    """Put values where a dashboard's variables stand: any value, unless given."""
    known = _BUILT_IN | (values or {})
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[2], ".+"), text)


def legend_labels(text: str) -> frozenset[str]:
    """Find the labels that a legend shows."""
    return frozenset(_LEGEND.findall(text))


def annotation_labels(text: str) -> frozenset[str]:
    """Find the labels that an alert's annotation speaks of."""
    return frozenset(_ANNOTATION.findall(text))


def asked_values(text: str) -> tuple[str, str] | None:
    """Split a variable's `label_values(selector, label)`; nothing where it is something else."""
    match = _ASKED.match(text.strip())
    return (match["selector"] or "", match["label"]) if match else None
