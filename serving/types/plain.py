"""Text and bytes, taken as they are."""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import dataclass
from typing import Any

from monitoring.articles import a
from serving.errors import InvalidInput, ServiceInvalid
from serving.types.base import Body, no_body, unsupported

_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?: *;[ -~]*)?", re.ASCII)


def text_of(value: Any) -> str:
    """What is answered as text: a text, or the text of a number and the like."""
    if type(value) is not str and (value is None or isinstance(value, bytes) or inspect.isawaitable(value)):
        raise TypeError(f"{a(type(value).__name__)} is no text")
    return str(value)


def bytes_of(value: Any) -> bytes:
    """What is answered as bytes: of a number, there would be so many zeros."""
    if isinstance(value, int):
        raise TypeError(f"{a(type(value).__name__)} is no bytes")
    return bytes(value)


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
        return text_of(value).encode(), b"text/plain; charset=utf-8"

    def schema(self) -> dict[str, Any]:
        """A string."""
        return {self.media[0]: {"schema": {"type": "string"}}}


@dataclass(frozen=True)
class File:
    """Bytes of any content type, as they came."""

    type: str = "application/octet-stream"

    apart = math.inf

    def __post_init__(self) -> None:
        """Refuse a type that could be no header's value."""
        if not (isinstance(self.type, str) and _TYPE.fullmatch(self.type)):
            raise ServiceInvalid(
                f"File has the type {self.type!r}", "a content type is expected, as in type='image/png'"
            )

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
        return bytes_of(value), self.type.encode()

    def schema(self) -> dict[str, Any]:
        """Bytes."""
        return {self.type: {"schema": {"type": "string", "format": "binary"}}}
