"""Text and bytes, taken as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from serving.errors import InvalidInput
from serving.types.base import Body, no_body, unsupported


@dataclass(frozen=True)
class Text:
    """UTF-8 text."""

    media = ("text/plain",)
    apart = math.inf

    def decode(self, body: Body) -> tuple[str, bool]:
        """Read text; a body without content type is taken for text."""
        if body.media not in ("", *self.media):
            raise unsupported(body, self.media)
        if not body.data:
            raise no_body("text")
        try:
            return body.data.decode(), False
        except UnicodeDecodeError as error:
            raise InvalidInput(f"the body is not UTF-8: {error}") from None

    def encode(self, value: Any, accept: str) -> tuple[bytes, bytes]:
        """Write text."""
        return str(value).encode(), b"text/plain; charset=utf-8"

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {self.media[0]: {"schema": {"type": "string"}}}


@dataclass(frozen=True)
class File:
    """Bytes of any content type, as they came."""

    type: str = "application/octet-stream"

    apart = math.inf

    @property
    def media(self) -> tuple[str, ...]:
        """The content type that it is documented with; others are taken too."""
        return (self.type,)

    def decode(self, body: Body) -> tuple[bytes, bool]:
        """Hand over the body."""
        if not body.data:
            raise no_body(self.type)
        return body.data, False

    def encode(self, value: Any, accept: str) -> tuple[bytes, bytes]:
        """Write bytes."""
        return bytes(value), self.type.encode()

    def schema(self) -> dict[str, Any]:
        """Bytes."""
        return {self.type: {"schema": {"type": "string", "format": "binary"}}}
