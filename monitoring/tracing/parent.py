"""What a caller says of its trace: the W3C header `traceparent`."""

from __future__ import annotations

import re
from typing import NamedTuple

_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII
)


class Parent(NamedTuple):
    """The span that called us, in hexadecimal as it came."""

    trace_id: str
    span_id: str
    sampled: bool


def read_traceparent(value: str) -> Parent | None:
    """The caller's span; None where the header is not what the specification says: a new trace begins then."""
    found = _TRACEPARENT.fullmatch(value)
    if found is None or (found["version"] == "00" and len(value) != 55):
        return None
    return Parent(found[2], found[3], found[4][1] in "13579bdf")
