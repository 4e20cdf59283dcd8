from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import File, Text
from serving.errors import InvalidInput, ServewatchError, ServiceInvalid, UnsupportedMedia
from serving.types import Body


def test_text_is_read_and_written_as_utf_8() -> None:
    """Text of any alphabet comes and goes."""
    assert Text().decode(Body("größe 日本".encode(), "text/plain")) == ("größe 日本", False)
    assert Text().encode("größe", "") == ("größe".encode(), b"text/plain; charset=utf-8")


def test_a_body_without_a_content_type_is_text() -> None:
    """Clients may leave the header out."""
    assert Text().decode(Body(b"hello", ""))[0] == "hello"


def test_what_is_not_utf_8_is_refused() -> None:
    """400 names the byte."""
    with pytest.raises(InvalidInput, match=r"not UTF-8.*0xff"):
        Text().decode(Body(b"\xff", "text/plain"))


def test_text_takes_no_other_content_type() -> None:
    """JSON is not taken for text."""
    with pytest.raises(UnsupportedMedia, match="expected text/plain"):
        Text().decode(Body(b"{}", "application/json"))


@pytest.mark.parametrize("kind", [Text(), File()])
def test_an_empty_body_is_refused(kind: Text | File) -> None:
    """Nothing is neither a text nor a file."""
    with pytest.raises(InvalidInput, match="the request has no body"):
        kind.decode(Body(b"", ""))


def test_a_file_is_its_bytes_whatever_its_type() -> None:
    """File takes any content type, and answers with its own."""
    assert File("audio/wav").decode(Body(b"\0\1", "x/y")) == (b"\0\1", False)
    assert File("audio/wav").encode(bytearray(b"\0"), "") == (b"\0", b"audio/wav")
    assert File().encode(memoryview(b"ab"), "")[0] == b"ab"


def test_the_schemas_say_text_and_bytes() -> None:
    """OpenAPI tells them apart."""
    assert Text().schema() == {"text/plain": {"schema": {"type": "string"}}}
    assert File("audio/wav").schema() == {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}


@given(data=st.binary(max_size=50))
def test_any_bytes_are_a_text_or_a_clients_error(data: bytes) -> None:
    """Random bytes never raise anything else than a 4xx."""
    status, back = 200, data
    try:
        back = Text().decode(Body(data, ""))[0].encode()
    except ServewatchError as error:
        status = error.status
    assert back == data
    assert 200 <= status < 500


@pytest.mark.parametrize(
    "odd", ["", "image", "image/", "text/x\r\nx-evil: 1", "text/plain; a\n", "größe/x", None, b"a/b"]
)
def test_a_files_type_must_be_a_content_type(odd: Any) -> None:
    """It is written into the answer's head as it stands."""
    with pytest.raises(ServiceInvalid, match=r"File has the type .*\n.*image/png"):
        File(odd)


@pytest.mark.parametrize("sound", ["image/svg+xml", "text/csv; charset=utf-8", "application/vnd.ms-excel;x=1"])
def test_a_files_type_may_have_parameters(sound: str) -> None:
    """It is written as it stands."""
    assert File(sound).encode(b"x", "") == (b"x", sound.encode())
