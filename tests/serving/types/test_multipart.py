from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.errors import InvalidInput, ServewatchError, UnfitInput
from serving.types import Body
from serving.types.multipart import read_field

CONTENT = b"a\r\n--almost\r\nb\0\xff"


def body(data: bytes, boundary: str = "XX") -> Body:
    return Body(data, "multipart/form-data", {"boundary": boundary})


def part(head: str, content: bytes = CONTENT) -> bytes:
    return f"--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"


END = b"--XX--\r\n"


def test_a_fields_bytes_come_back_as_they_were() -> None:
    """Line ends, zero bytes and what looks like a boundary are content."""
    assert read_field(body(part('name="f"; filename="x"') + END), "f") == CONTENT


def test_the_first_of_two_fields_of_a_name_is_taken() -> None:
    """A second field of the name is not appended."""
    assert read_field(body(part('name="f"', b"one") + part('name="f"', b"two") + END), "f") == b"one"


def test_escaped_quotes_and_other_alphabets_are_names() -> None:
    """What browsers write for a name is the name."""
    assert read_field(body(part('name="a\\"b"', b"1") + END), 'a"b') == b"1"
    assert read_field(body(part('name="größe"', b"2") + END), "größe") == b"2"


def test_an_empty_field_is_empty_not_missing() -> None:
    """A field without content is there."""
    assert read_field(body(part('name="f"', b"") + END), "f") == b""


def test_a_missing_boundary_says_what_to_do() -> None:
    """The commonest mistake with forms has its own message."""
    with pytest.raises(InvalidInput, match="names no boundary"):
        read_field(body(part('name="f"') + END, ""), "f")


@pytest.mark.parametrize("boundary", ["YY", "x" * 300, "grün", "日本"])
def test_another_boundary_is_a_clients_error(boundary: str) -> None:
    """A body that is not delimited as its header says cannot be read."""
    with pytest.raises(InvalidInput):
        read_field(body(part('name="f"') + END, boundary), "f")


def test_the_line_end_after_the_last_boundary_may_be_left_out() -> None:
    """Some clients end with the boundary itself."""
    assert read_field(body(part('name="f"') + END[:-2]), "f") == CONTENT


@pytest.mark.parametrize("cut", [1, 4, 8, 12, 20])
def test_a_form_that_is_cut_off_is_refused(cut: int) -> None:
    """A form without its last boundary is not taken for whole, though the field has content."""
    data = part('name="f"') + END
    with pytest.raises(InvalidInput, match=r"cut off|cannot be read"):
        read_field(body(data[: -cut - 2]), "f")


def test_a_form_of_thousands_of_fields_is_refused() -> None:
    """A form of very many parts is a way to waste time: it is refused early."""
    with pytest.raises(InvalidInput, match="more than 100 fields"):
        read_field(body(part('name="x"', b"") * 5000 + END), "f")


def test_the_fields_that_came_are_named() -> None:
    """The error names the fields; a form of none says so."""
    with pytest.raises(UnfitInput, match="got 'a', 'b'"):
        read_field(body(part('name="a"') + part('name="b"') + END), "f")
    with pytest.raises(UnfitInput, match="got no field"):
        read_field(body(b"--XX\r\nContent-Type: text/plain\r\n\r\nhello\r\n" + END), "f")


@settings(deadline=None, max_examples=200)
@given(
    data=st.lists(
        st.sampled_from([b"--XX", b"\r\n", b"--", b":", b";", b'name="f"', b"Content-Disposition", b"form-data", b'"'])
        | st.binary(max_size=5),
        max_size=20,
    ).map(b"".join)
)
def test_any_form_is_a_value_or_a_clients_error(data: bytes) -> None:
    """No arrangement of a form's pieces raises anything else than a 4xx."""
    status = 200
    try:
        read_field(body(b"--XX\r\n" + data), "f")
    except ServewatchError as error:
        status = error.status
    assert 200 <= status < 500
