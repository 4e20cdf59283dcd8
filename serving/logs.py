"""What a service writes: log lines for people or programs, and a line of JSON for each request where that is asked."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from serving.tracks import Notes, Track

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request_id", "request_ids", "trace_id"}
"""What every record has; the rest was given by whoever logged it."""

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(level: str, form: str, now: Callable[[], Track | None]) -> None:
    """Send all logs to stderr, as text or as JSON, each line with the request and the trace that it is about."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(About(now))
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter(TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class About(logging.Filter):
    """Gives each record the request and the trace that it is about: `request_id`, `request_ids`, `trace_id`.

    A line that is logged while a batch runs is about all of its requests.
    """

    def __init__(self, now: Callable[[], Track | None]) -> None:
        super().__init__()
        self._now = now

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes."""
        track = self._now()
        ids = () if track is None else track.request_ids
        record.request_id = ids[0] if len(ids) == 1 else None
        record.request_ids = ids if len(ids) > 1 else None
        record.trace_id = None if track is None else track.trace_id
        return True


class TextFormatter(logging.Formatter):
    """A line for people; what it is about stands at the message's end."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without its traceback."""
        about = [f"{name}={value}" for name in ("request_id", "trace_id") if (value := getattr(record, name, None))]
        return super().formatMessage(record) + (f" [{' '.join(about)}]" if about else "")


class JsonFormatter(logging.Formatter):
    """A line for programs; what was logged with `extra=` is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """One object on one line."""
        line: dict[str, Any] = {
            "time": _when(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        about = ("request_id", "request_ids", "trace_id")
        line |= {name: value for name in about if (value := getattr(record, name, None))}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        line |= {name: value for name, value in vars(record).items() if name not in _OWN and name not in line}
        return _dump(line).decode()


class AccessLog:
    """One line of JSON for each request, on stdout."""

    def __init__(self, write: Callable[[bytes], object] | None = None, clock: Callable[[], float] = time.time) -> None:
        self._write = write or _to_stdout
        self._clock = clock

    def tell(
        self, request_id: str, trace_id: str | None, endpoint: str, code: int, seconds: float, notes: Notes | None
    ) -> None:
        """Write the line of a request that has ended; what is not known of it is left out."""
        line: dict[str, Any] = {"time": _when(self._clock()), "request_id": request_id}
        if trace_id:
            line["trace_id"] = trace_id
        line |= {"endpoint": endpoint, "code": code, "seconds": round(seconds, 6)}
        if notes is not None and notes.rows:
            line["rows"] = notes.rows
        if notes is not None and notes.queue_seconds is not None:
            line |= {"batch_rows": notes.batch_rows, "queue_seconds": round(notes.queue_seconds, 6)}
        self._write(_dump(line) + b"\n")


def _to_stdout(line: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # whoever read it has gone: requests are answered all the same
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _dump(line: dict[str, Any]) -> bytes:
    return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
