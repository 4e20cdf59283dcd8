"""One field of a multipart form that has been read whole already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_multipart.multipart import MultipartParser

from serving.errors import InvalidInput, UnfitInput
from serving.types.base import Body

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MULTIPART = "multipart/form-data"


def read_field(body: Body, name: str) -> bytes:
    """The content of the field of that name."""
    boundary = body.parameters.get("boundary", "")
    if not boundary:
        raise InvalidInput("the multipart content type names no boundary", "let the HTTP client set the header")
    fields = _Fields(name)
    try:
        parser = MultipartParser(boundary.encode("latin-1"), fields.callbacks())
        parser.write(body.data)
        parser.finalize()
    except Exception as error:  # the parser raises kinds of its own for whatever a stranger sends
        raise InvalidInput(f"the multipart form cannot be read: {error}") from None
    if fields.content is None:
        came = ", ".join(repr(other) for other in fields.names) or "no field"
        raise UnfitInput(f"expected a form with the field {name!r}, got {came}")
    return bytes(fields.content)


class _Fields:
    """Collects the wanted field's bytes, and the names of all."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.names: list[str] = []
        self.content: bytearray | None = None
        self._header = self._value = b""
        self._taking = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._on_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
        }

    def _begin(self) -> None:
        self._header = self._value = b""
        self._taking = False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            name = _parameter(self._value, b"name").decode("utf-8", "replace")
            self.names.append(name)
            if name == self.wanted and self.content is None:
                self.content, self._taking = bytearray(), True
        self._header = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._taking and self.content is not None:
            self.content += data[start:end]


def _parameter(header: bytes, name: bytes) -> bytes:
    for part in header.split(b";")[1:]:
        key, _, value = part.strip().partition(b"=")
        if key.lower() == name:
            return value.strip(b'"')
    return b""
