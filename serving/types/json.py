"""JSON through types: a pydantic model, or anything else that pydantic can check."""

from __future__ import annotations

import math
import reprlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from monitoring.articles import a
from serving.errors import InvalidInput, UnfitInput
from serving.types.base import Body, no_body, unsupported

MEDIA = "application/json"
MOST_FAULTS = 1000
_short = reprlib.Repr()
_short.maxlevel = 2


@dataclass(frozen=True)
class JSON:
    """A JSON value of a type: read with checks, written as it is."""

    type: Any = Any

    media = (MEDIA,)
    apart = math.inf  # the decoder holds the interpreter's lock: a thread would help nobody

    @cached_property
    def _adapter(self) -> TypeAdapter[Any] | None:
        try:
            return TypeAdapter(self.type)
        except (PydanticSchemaGenerationError, PydanticUserError):
            return None

    @property
    def checks(self) -> bool:
        """Whether the type is one that values can be checked against."""
        return self._adapter is not None

    def decode(self, body: Body) -> tuple[Any, bool]:
        """Parse and check in one pass; every fault is listed with its place."""
        if not body.data:
            raise no_body("JSON")
        if body.media not in (MEDIA, ""):
            raise unsupported(body, self.media)
        try:
            if self._adapter is None or self.type is Any:
                return orjson.loads(body.data), False
            if b"NaN" in body.data or b"Infinity" in body.data:  # pydantic reads both, though they are not JSON
                orjson.loads(body.data)
            return self._adapter.validate_json(body.data), False
        except orjson.JSONDecodeError as error:
            raise InvalidInput(f"the body is not JSON: {error}") from None
        except ValidationError as error:
            raise _explain(error) from None

    def encode(self, value: Any, accept: str) -> tuple[bytes, bytes]:
        """Write it; numpy values, dataclasses and pydantic models are taken as they are."""
        return orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY), MEDIA.encode()

    def schema(self) -> dict[str, Any]:
        """The type's JSON schema."""
        shown = {} if self._adapter is None else self._adapter.json_schema(ref_template="#/components/schemas/{model}")
        return {MEDIA: {"schema": shown}}


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"an answer holds {a(type(value).__name__)}, which JSON cannot hold")


def _explain(error: ValidationError) -> InvalidInput:
    if error.error_count() > MOST_FAULTS:  # to list them would take longer than the client deserves
        return UnfitInput(f"{error.error_count()} values in the body are not what is expected")
    faults = error.errors(include_url=False, include_context=False)
    if faults[0]["type"] == "json_invalid":
        return InvalidInput(f"the body is not JSON: {faults[0]['msg']}")
    return UnfitInput("; ".join(_named(fault) for fault in faults[:10]))


def _named(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "body"
    return f"{place}: {fault['msg']}, got {_short.repr(fault['input'])[:60]}"
