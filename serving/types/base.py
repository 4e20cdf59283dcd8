"""What an input and an output of an endpoint can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from serving.errors import InvalidInput, UnsupportedMedia


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body: its bytes and its media type, lower-case, without parameters."""

    data: bytes
    media: str
    parameters: dict[str, str] = field(default_factory=dict)


@runtime_checkable
class Input(Protocol):
    """Reads and checks a request's body."""

    @property
    def media(self) -> tuple[str, ...]:
        """The content types that it reads."""

    @property
    def apart(self) -> float:
        """From how many bytes on a body is decoded on a thread, beside the event loop."""

    def decode(self, body: Body) -> tuple[Any, bool]:
        """The value, and whether it was one row without its rows' axis, so that the answer is for that one."""

    def schema(self) -> dict[str, Any]:
        """OpenAPI: media type to media type object."""


@runtime_checkable
class Output(Protocol):
    """Writes an answer's body."""

    def encode(self, value: Any, accept: str) -> tuple[bytes, bytes]:
        """The body and its content type."""

    def schema(self) -> dict[str, Any]:
        """OpenAPI: media type to media type object."""


def unsupported(body: Body, accepted: tuple[str, ...]) -> InvalidInput:
    """The error for a body whose media type an input does not read."""
    if not body.data:
        return InvalidInput("the request has no body", f"send one of: {', '.join(accepted)}")
    sent = f"content type {body.media!r}" if body.media else "a body without a content type"
    return UnsupportedMedia(f"got {sent}, expected {' or '.join(accepted)}", "set the Content-Type header")


def no_body(expected: str) -> InvalidInput:
    """The error for an empty body, with what was expected."""
    return InvalidInput("the request has no body", f"send {expected}")
