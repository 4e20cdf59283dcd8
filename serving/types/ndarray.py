"""Arrays: JSON lists or npy bodies, checked for dtype, shape, finiteness and bounds."""

from __future__ import annotations

import contextlib
import io
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import orjson

from monitoring.articles import a
from serving.errors import InvalidInput, RunnerFailed, ServiceInvalid, UnfitInput
from serving.types.base import Body, no_body, unsupported

NPY = "application/x-npy"
JSON = "application/json"
Array = np.ndarray[Any, np.dtype[Any]]
MOST_AXES, LONGEST_AXIS, LONGEST_HEADER = 32, 2**40, 10_000
_CALLED = {bool: "true or false", str: "text", dict: "an object", type(None): "null"}


@dataclass(frozen=True)
class NDArray:
    """An array of a dtype and a shape: numbers are fixed sizes, names (like "N") are free ones.

    A first axis with a name holds rows, and may be left out by a client that sends one row; the answer
    is then that row's alone.
    """

    dtype: str = "float32"
    shape: tuple[int | str, ...] | None = None
    finite: bool = True
    low: float | None = None
    high: float | None = None

    media = (JSON, NPY)
    apart = math.inf  # the decoder holds the interpreter's lock: a thread would help nobody

    def __post_init__(self) -> None:
        """Refuse a dtype and a shape that no request could be read into."""
        try:
            known = np.dtype(self.dtype).kind in "fiub"
        except TypeError:
            known = False
        if not known:
            raise ServiceInvalid(
                f"NDArray has the dtype {self.dtype!r}, which is none of numbers",
                "bool, uint8, int32, int64, float16, float32, float64 and their like are accepted",
            )
        if self.shape is not None and not (isinstance(self.shape, tuple) and all(map(_is_size, self.shape))):
            raise ServiceInvalid(
                f"NDArray has the shape {self.shape!r}",
                "a shape is a tuple of numbers, and of names where a size is free, as in ('N', 28, 28)",
            )
        for name, bound in (("low", self.low), ("high", self.high)):
            if not isinstance(bound, int | float | None):
                raise ServiceInvalid(f"NDArray has {name}={bound!r}", "a bound is a number")

    @cached_property
    def rows(self) -> bool:
        """Whether the first axis holds rows."""
        return bool(self.shape) and isinstance(self.shape[0], str) if self.shape else False

    @cached_property
    def _wanted(self) -> np.dtype[Any]:
        return np.dtype(self.dtype)

    def decode(self, body: Body) -> tuple[Array, bool]:
        """Read a JSON list or an npy body into an array that is what was declared."""
        if not body.data:
            raise no_body(f"{self._describe()} as {' or '.join(self.media)}")
        if body.media == NPY:
            raw = _read_npy(body.data)
        elif body.media in (JSON, ""):
            raw = self._from_json(body.data)
        else:
            raise unsupported(body, self.media)
        array = self._cast(raw)
        alone = self.rows and self.shape is not None and array.ndim == len(self.shape) - 1
        if alone:
            array = array[None]
        self._check_shape(array, raw.shape)
        self._check_values(array)
        return array, alone

    def _from_json(self, data: bytes) -> Array:
        try:
            return _read_json(data, self._wanted)
        except UnfitInput as error:
            raise UnfitInput(f"{error.message}; expected {self._describe()}") from None

    def _describe(self) -> str:
        shape = f" of shape {self._shape_text()}" if self.shape is not None else ""
        return f"an array{shape} of {self.dtype}"

    def _shape_text(self) -> str:
        whole = "(" + ", ".join(str(size) for size in self.shape or ()) + ")"
        if not self.rows or self.shape is None:
            return whole
        return whole + ", or one row of (" + ", ".join(str(size) for size in self.shape[1:]) + ")"

    def _cast(self, raw: Array) -> Array:
        """To the declared dtype, where no value changes but for rounding among floats."""
        wanted = self._wanted
        if raw.dtype == wanted:
            return raw
        if raw.dtype.kind not in "fiub" or (raw.dtype.kind == "b") != (wanted.kind == "b"):
            raise UnfitInput(f"expected numbers that fit {self.dtype}, got {_kind(raw)}")
        with np.errstate(all="ignore"):
            cast = raw.astype(wanted)
            if wanted.kind in "iu" and not np.array_equal(cast, raw):
                odd = raw[cast != raw].flat[0]
                raise UnfitInput(f"expected numbers that fit {self.dtype}, got {odd} in an array of {raw.dtype}")
        return cast

    def _check_shape(self, array: Array, came: tuple[int, ...]) -> None:
        if self.shape is None or array.shape == self.shape:
            return
        fits = array.ndim == len(self.shape) and all(
            isinstance(wanted, str) or wanted == size for wanted, size in zip(self.shape, array.shape, strict=True)
        )
        if not fits:
            raise UnfitInput(f"expected an array of shape {self._shape_text()}, got {came}")
        if self.rows and not len(array):
            raise UnfitInput(f"expected at least one row, got an array of shape {came}")

    def _infinite(self, array: Array) -> str:
        """The first number that is not finite where all should be, and its place."""
        if not self.finite or array.dtype.kind != "f" or np.isfinite(array).all():
            return ""
        where = tuple(int(axis[0]) for axis in np.nonzero(~np.isfinite(array)))
        return f"{array[where]} at index {list(where)}"

    def _check_values(self, array: Array) -> None:
        if odd := self._infinite(array):
            raise UnfitInput(
                f"expected finite numbers, got {odd}",
                "NaN, null, infinities and numbers beyond the dtype's range are not taken",
            )
        if self.low is not None and array.size and array.min() < self.low:
            raise UnfitInput(f"expected numbers of at least {self.low}, got {array.min()}")
        if self.high is not None and array.size and array.max() > self.high:
            raise UnfitInput(f"expected numbers of at most {self.high}, got {array.max()}")

    def encode(self, value: Any, accept: str) -> tuple[bytes, bytes]:
        """Write JSON lists, or npy where the client asks for it."""
        array = np.asarray(value, order="C")
        if odd := self._infinite(array):
            raise RunnerFailed(f"the answer holds {odd}", "the service's owner may declare NDArray(..., finite=False)")
        if not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="))
        if NPY in accept:
            file = io.BytesIO()
            np.lib.format.write_array(file, array, allow_pickle=False)
            return file.getvalue(), NPY.encode()
        return orjson.dumps(array, default=_listed, option=orjson.OPT_SERIALIZE_NUMPY), JSON.encode()

    def schema(self) -> dict[str, Any]:
        """Nested lists for JSON, bytes for npy."""
        item: dict[str, Any] = {"type": "boolean" if self.dtype == "bool" else "number"}
        nested, row = item, item
        for size in reversed(self.shape or ()):
            row = nested
            nested = {"type": "array", "items": nested}
            if isinstance(size, int):
                nested |= {"minItems": size, "maxItems": size}
        shown = {"anyOf": [row, nested]} if self.rows else nested
        if self.shape is None:
            shown = {"type": "array", "items": {}}
        described = {"description": self._describe(), **shown}
        return {JSON: {"schema": described}, NPY: {"schema": {"type": "string", "format": "binary"}}}


def _is_size(size: Any) -> bool:
    return (isinstance(size, str) and bool(size)) or (isinstance(size, int) and size > 0)


def _listed(value: Any) -> Any:
    """The lists of an array that holds more than numbers."""
    if not isinstance(value, np.ndarray) or (value.dtype.kind == "O" and not value.ndim):
        found = value.item() if isinstance(value, np.ndarray) else value
        raise TypeError(f"an array was to be answered, and {a(type(found).__name__)} came")
    return value.tolist()


def _kind(raw: Array) -> str:
    names = {"U": "text", "O": "mixed values or null", "c": "complex numbers", "b": "true and false"}
    return names.get(raw.dtype.kind, str(raw.dtype))


def _not_json(data: bytes) -> str:
    odd = b"NaN" in data or b"Infinity" in data
    return "NaN and Infinity are not JSON" if odd else f"send lists of numbers as {JSON}"


def _read_json(data: bytes, wanted: np.dtype[Any]) -> Array:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"the body is not JSON: {error}", _not_json(data)) from None
    if isinstance(value, bool) or not isinstance(value, list | int | float):
        raise UnfitInput(f"got {_CALLED[type(value)]}")
    if (place := data.find(b'"')) >= 0:  # numpy would make all of them texts as wide as the longest
        raise UnfitInput(f"got text or an object at byte {place} of the body")
    if wanted.kind == "f" and b"u" not in data and b"s" not in data:  # neither null nor true nor false
        with contextlib.suppress(ValueError, TypeError, OverflowError), np.errstate(over="ignore"):
            return np.asarray(value, wanted)
    try:
        return np.asarray(value)
    except ValueError:
        depth = _depth(value)
        if depth > MOST_AXES:
            raise UnfitInput(f"the lists are nested {depth} deep, at most {MOST_AXES} are taken") from None
        raise UnfitInput("the lists are of different lengths, so they are no array") from None


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, list) and value:
        value, depth = value[0], depth + 1
    return depth


def _read_npy(data: bytes) -> Array:
    """Read the header, and the rest as a view of the body."""
    wide = data[6:7] != b"\x01"
    start = (12 if wide else 10) + int.from_bytes(data[8 : 12 if wide else 10], "little")
    try:
        if start > LONGEST_HEADER:
            raise ValueError(f"its header is said to be {start} bytes long")
        shape, fortran, dtype = _read_header(data[:start])
    except Exception as error:  # numpy raises whatever its header parser meets: the body is a stranger's
        raise InvalidInput(f"the body is not an npy file: {str(error)[:120]}", "numpy.save writes one") from None
    if dtype.hasobject or dtype.kind not in "fiubc":
        raise UnfitInput(f"expected numbers, got an npy file of dtype {dtype}")
    return _view(data, start, shape, dtype, "F" if fortran else "C")


@lru_cache(maxsize=64)
def _read_header(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Parse a header. Parsing costs more than the array's bytes, and a client's headers are nearly all the same."""
    file = io.BytesIO(header)
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"its version is {version}")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    found: tuple[tuple[int, ...], bool, np.dtype[Any]] = read(file, max_header_size=LONGEST_HEADER)
    return found


def _view(data: bytes, start: int, shape: tuple[int, ...], dtype: np.dtype[Any], order: Literal["C", "F"]) -> Array:
    """What follows the header, if it is what the header says."""
    if len(shape) > MOST_AXES or not all(0 <= size < LONGEST_AXIS for size in shape):
        raise InvalidInput(f"the npy header says shape {str(shape)[:80]}, which no array has")
    size = math.prod(shape) * dtype.itemsize
    if size != len(data) - start:
        raise InvalidInput(
            f"the npy header says shape {shape} of {dtype}: {size} bytes, but {len(data) - start} follow it"
        )
    return np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape, order=order)
