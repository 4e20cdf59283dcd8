"""Prediction ids: short signed texts that carry the prediction, so that whoever gets its label need not remember it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.reference import Reference, ReferenceInvalid

MOST_ROWS = 512
"""Rows of one answer that its id covers: more would not fit the headers that proxies let through."""

FORMAT = 1
_HEAD = struct.Struct(">BI5s6s")
_SIGNED = 8
_LONGEST = 4 * (_HEAD.size + 3 * MOST_ROWS + _SIGNED) // 3 + 4
Codes = NDArray[np.integer]


class IdInvalid(ValueError):
    """A text that is no prediction id of ours."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a prediction is of: a version of a model, with the reference that it is compared with."""

    model: str
    version: str
    reference: Reference

    def __post_init__(self) -> None:
        """Refuse a model whose predictions no label could confirm."""
        if not self.reference.classes:
            raise ReferenceInvalid(f"model {self.model!r} predicts no classes: labels can only be counted for classes")

    @property
    def bins(self) -> tuple[str, ...]:
        """The bins of its confidence; where it tells none, one for all."""
        confidence = self.reference.confidence
        return confidence.bins if confidence is not None else ("missing",)

    @property
    def key(self) -> bytes:
        """Five bytes that tell it from others in its ids."""
        said = "\0".join((self.model, self.version, self.reference.hash))
        return hashlib.sha256(said.encode()).digest()[:5]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What an id says: of what, when, and for each row the class and the bin of its confidence."""

    subject: bytes
    made: int
    nonce: bytes
    classes: tuple[int, ...]
    bins: tuple[int, ...]

    def key(self, row: int) -> int:
        """A number of 64 bits that no other row has."""
        return int.from_bytes(self.nonce, "big") << 16 | row


class Ids:
    """Writes and reads the ids of one subject.

    The key is derived from the secret. Without one it is derived from the subject alone: a damaged or mixed up id
    is then still noticed, one that somebody forged is not.
    """

    def __init__(self, subject: Subject, secret: bytes = b"", clock: Callable[[], float] = time.time) -> None:
        self.subject = subject
        self._clock = clock
        self._of = subject.key
        self._key = hmac.digest(b"servewatch feedback " + secret, self._of, "sha256")
        self._row = np.dtype([("class", "u1" if len(subject.reference.classes) < 256 else ">u2"), ("bin", "u1")])
        self._narrow = self._row.itemsize == 2

    def write(self, classes: Codes, bins: Codes) -> str:
        """The id of an answer with these rows: the classes' indexes, and the bins of their confidence."""
        rows = np.empty(min(len(classes), MOST_ROWS), self._row)
        rows["class"], rows["bin"] = classes[:MOST_ROWS], bins[:MOST_ROWS]
        return self._write(rows.tobytes())

    def write_one(self, index: int, place: int) -> str:
        """The id of an answer of one row."""
        return self._write(bytes((index, place)) if self._narrow else bytes((index >> 8, index & 255, place)))

    def _write(self, rows: bytes) -> str:
        nonce = random.getrandbits(48).to_bytes(6, "big")
        said = _HEAD.pack(FORMAT, int(self._clock()), self._of, nonce) + rows
        signed = said + hmac.digest(self._key, said, "sha256")[:_SIGNED]
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def read(self, signed: bytes) -> Prediction | None:
        """What an id says, once `unpack` has told that it is of this subject; None where it is not signed by us."""
        said, signature = signed[:-_SIGNED], signed[-_SIGNED:]
        rows = said[_HEAD.size :]
        if len(rows) % self._row.itemsize or not hmac.compare_digest(
            hmac.digest(self._key, said, "sha256")[:_SIGNED], signature
        ):
            return None
        _, made, subject, nonce = _HEAD.unpack_from(said)
        found = np.frombuffer(rows, self._row)
        return Prediction(subject, made, nonce, tuple(found["class"].tolist()), tuple(found["bin"].tolist()))


def unpack(text: str) -> tuple[bytes, bytes]:
    """The subject's key and the bytes of an id; raises where the text cannot be one."""
    if not 0 < len(text) <= _LONGEST or not text.isascii():
        raise IdInvalid(f"not a prediction id: {_short(text)}")
    try:
        signed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise IdInvalid(f"not a prediction id: {_short(text)}") from None
    if len(signed) < _HEAD.size + 2 + _SIGNED or signed[0] != FORMAT:
        raise IdInvalid(f"not a prediction id: {_short(text)}")
    return _HEAD.unpack_from(signed)[2], signed


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
