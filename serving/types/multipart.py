"""One field of a multipart form that has been read whole already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_multipart.multipart import MultipartParser, parse_options_header

from serving.errors import InvalidInput, UnfitInput
from serving.types.base import Body

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MULTIPART = "multipart/form-data"
MOST_FIELDS = 100


def read_field(body: Body, name: str) -> bytes:
    """The content of the field of that name."""
    boundary = body.parameters.get("boundary", "")
    if not boundary:
        raise InvalidInput("the multipart content type names no boundary", "let the HTTP client set the header")
    fields = _Fields(name)
    try:
        parser = MultipartParser(boundary.encode("latin-1"), fields.callbacks())
        parser.write(body.data)
    except Exception as error:  # the parser raises kinds of its own for whatever a stranger sends
        raise InvalidInput(f"the multipart form cannot be read: {error}") from None
    if not fields.ended:
        raise InvalidInput("the multipart form is cut off: its last boundary did not come", "send the form whole")
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
        self.ended = False
        self._parts = 0
        self._header = self._value = b""
        self._taking = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._on_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_FIELDS:
            raise ValueError(f"it has more than {MOST_FIELDS} fields")
        self._header = self._value = b""
        self._taking = False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            name = parse_options_header(self._value)[1].get(b"name", b"").decode("utf-8", "replace")
            self.names.append(name)
            if name == self.wanted and self.content is None:
                self.content, self._taking = bytearray(), True
        self._header = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._taking and self.content is not None:
            self.content += data[start:end]

    def _end(self) -> None:
        self.ended = True
