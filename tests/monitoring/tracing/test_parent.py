from __future__ import annotations

import pytest

from monitoring.tracing import Parent, read_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("value", "parent"),
    [
        (f"00-{TRACE}-{SPAN}-01", Parent(TRACE, SPAN, True)),
        (f"00-{TRACE}-{SPAN}-03", Parent(TRACE, SPAN, True)),
        (f"00-{TRACE}-{SPAN}-00", Parent(TRACE, SPAN, False)),
        (f"00-{TRACE}-{SPAN}-02", Parent(TRACE, SPAN, False)),
        (f"cc-{TRACE}-{SPAN}-01", Parent(TRACE, SPAN, True)),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", Parent(TRACE, SPAN, True)),
        (f"00-{TRACE}-{SPAN}-01-more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}-1", None),
        (f"00-{TRACE}-{SPAN}-01\n", None),
        ("", None),
        ("a" * 100_000, None),
    ],
)
def test_a_traceparent_is_read_as_the_specification_has_it(value: str, parent: Parent | None) -> None:
    """Ids that are all zero, version ff and a version 00 with more behind it are no parent; later versions are."""
    assert read_traceparent(value) == parent
