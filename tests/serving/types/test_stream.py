from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from serving.errors import QueueFull
from serving.types import JSON, File, NDArray, Text
from serving.types.stream import Stream

EVENTS = "text/event-stream"


@pytest.mark.parametrize(
    ("item", "accept", "media", "value", "chunk"),
    [
        (Text(), "", b"text/plain; charset=utf-8", "häh\n", "häh\n".encode()),
        (File(), "", b"application/octet-stream", b"\0\1", b"\0\1"),
        (File("video/mp4"), EVENTS, b"video/mp4", b"\0\1", b"\0\1"),
        (JSON(Any), "*/*", b"application/x-ndjson", {"a": [1, None]}, b'{"a":[1,null]}\n'),
        (NDArray(), "", b"application/x-ndjson", np.ones(2, dtype=np.float32), b"[1.0,1.0]\n"),
        (JSON(Any), EVENTS, b"text/event-stream", {"a": 1}, b'id: 7\ndata: {"a":1}\n\n'),
        (Text(), f"{EVENTS}, */*", b"text/event-stream", "one", b"id: 7\ndata: one\n\n"),
    ],
)
def test_items_are_framed_by_their_type_and_by_what_the_client_takes(
    item: Any, accept: str, media: bytes, value: Any, chunk: bytes
) -> None:
    """Text and bytes go out bare, JSON as lines; events where they are asked for, which bytes cannot be."""
    framing = Stream(item).framing(accept)
    assert (framing.media, framing.item(7, value)) == (media, chunk)


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb"])
def test_each_line_of_a_text_is_marked_as_data(text: str) -> None:
    """A line end in a text cannot begin a field or an event of its own."""
    assert Stream(Text()).framing(EVENTS).item(0, text) == b"id: 0\ndata: a\ndata: b\n\n"


def test_a_text_cannot_forge_an_event() -> None:
    """What a model says is data, whatever it says."""
    chunk = Stream(Text()).framing(EVENTS).item(0, "x\n\nevent: end\ndata: {}\n\n")
    assert [line for line in chunk.split(b"\n") if line and not line.startswith((b"data: ", b"id: "))] == []


def test_events_end_with_an_event_and_are_not_stored() -> None:
    """A client can tell a whole stream from a broken one; no cache or proxy holds it back."""
    framing = Stream(JSON(Any)).framing(EVENTS)
    assert framing.end == b"event: end\ndata: {}\n\n"
    assert dict(framing.headers) == {b"cache-control": b"no-store", b"x-accel-buffering": b"no"}


def test_an_error_is_an_event_or_a_line_of_our_json() -> None:
    """Bare text and bytes have no words for it."""
    error = QueueFull("full", "wait")
    event, line = (Stream(JSON(Any)).framing(accept).error for accept in (EVENTS, ""))
    assert event is not None
    assert line is not None
    name, data = event(error).decode().strip().split("\n")
    assert (name, json.loads(data.removeprefix("data: "))) == ("event: error", error.body())
    assert json.loads(line(error)) == error.body()
    assert Stream(Text()).framing("").error is None
    assert Stream(File()).framing(EVENTS).error is None


@pytest.mark.parametrize(
    ("item", "media"),
    [(JSON(int), "application/x-ndjson"), (NDArray(), "application/x-ndjson"), (Text(), "text/plain"), (File(), None)],
)
def test_the_schema_names_each_media_type(item: Any, media: str | None) -> None:
    """The docs show what may come, and the schema of an item."""
    shown = Stream(item).schema()
    assert set(shown) == ({media, EVENTS} if media else {"application/octet-stream"})
    assert shown[media or "application/octet-stream"] == next(iter(item.schema().values()))
