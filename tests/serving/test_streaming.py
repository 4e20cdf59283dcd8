from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from serving import api, service
from serving.errors import UnfitInput
from serving.streaming import ROOM

EVENTS = "text/event-stream"


@service
class Storyteller:
    """Endpoints that yield."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.let_go = threading.Event()
        self.closed: list[str] = []
        self.told = 0
        self.threads: set[int] = set()

    @api
    async def words(self, text: str, refrain: int = 1) -> AsyncIterator[str]:
        """Says each word, refrain included."""
        for word in text.split() * refrain:
            yield word + " "

    @api
    def counts(self, text: str) -> Iterator[dict[str, Any]]:
        """Counts the words, on a thread."""
        for at, word in enumerate(text.split()):
            if word == "halt":
                raise ValueError("secret")
            yield {"at": at, "word": word}

    @api
    async def fails(self, text: str) -> AsyncIterator[Any]:
        """At once, or after a first item."""
        if text == "unfit":
            raise UnfitInput("nothing is good enough")
        yield text
        raise ValueError("secret")

    @api
    async def raw(self, text: str) -> AsyncIterator[bytes]:
        """Bytes, and no end."""
        yield text.encode()
        raise ValueError("secret")

    @api
    async def waits(self, text: str) -> AsyncIterator[str]:
        """Says one word, and waits."""
        try:
            yield text
            await self.go.wait()
            yield text
        finally:
            self.closed.append("waits")

    @api(threads=1)
    def tells(self, text: str) -> Iterator[str]:
        """Says it for ever, on one thread."""
        try:
            while True:
                self.threads.add(threading.get_ident())
                self.told += 1
                yield text * 1000
        finally:
            self.threads.add(threading.get_ident())
            self.closed.append("tells")

    @api
    async def nothing(self, text: str) -> AsyncIterator[str]:
        """Yields nothing."""
        for never in ():
            yield never


@pytest.fixture
def live(serve: Callable[..., Any]) -> Any:
    return serve(Storyteller)


@pytest.fixture
def teller(live: Any) -> Storyteller:
    return live.lifecycle.instance


def ask(live: Any, path: str, text: str, **headers: str) -> Any:
    return live.post(path, text.encode(), content_type="text/plain", **headers)


@contextlib.contextmanager
def opened(live: Any, path: str, text: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """An answer whose head was read; leaving hangs up."""
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", path, text, {"content-type": "text/plain", **sent})
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()
        connection.close()


def test_text_comes_in_chunks(live: Any) -> None:
    """An async generator of texts is text/plain without a length; query parameters reach it."""
    answer = ask(live, "/words?refrain=2", "la li")
    assert answer.content == b"la li la li "
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert "x-request-id" in answer.headers
    assert live.count(200, "words") == 1


def test_json_comes_in_lines_from_a_thread(live: Any) -> None:
    """A generator of objects is ndjson; it is one request of its runner."""
    answer = ask(live, "/counts", "a b")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.content.splitlines()] == [
        {"at": 0, "word": "a"}, {"at": 1, "word": "b"},
    ]  # fmt: skip
    assert live.value("servewatch_runner_requests_total", runner="counts", outcome="ok") == 1


def test_events_come_to_those_who_read_them(live: Any) -> None:
    """With Accept: text/event-stream each item is an event with its number, and the last says that it is the end."""
    answer = ask(live, "/counts", "a b", accept=EVENTS)
    assert answer.headers["content-type"] == EVENTS
    assert answer.content.decode().split("\n\n") == [
        'id: 0\ndata: {"at":0,"word":"a"}', 'id: 1\ndata: {"at":1,"word":"b"}', "event: end\ndata: {}", "",
    ]  # fmt: skip


def test_each_item_is_sent_when_it_is_there(live: Any, teller: Storyteller) -> None:
    """The first item is with the client while the generator still works on the second."""
    with opened(live, "/waits", "hm") as answer:
        assert answer.read(2) == b"hm"
        assert live.value("servewatch_requests_in_progress", endpoint="waits") == 1
        assert live.value("servewatch_first_chunk_seconds_count", endpoint="waits") == 1
        live.server.servers[0].get_loop().call_soon_threadsafe(teller.go.set)
        assert answer.read() == b"hm"


def test_only_streaming_endpoints_have_a_first_chunk(live: Any) -> None:
    """The histogram is there at 0 from the start, and counts answers that had an item."""
    assert live.value("servewatch_first_chunk_seconds_count", endpoint="words") == 0
    assert ask(live, "/nothing", "x").content == b""
    assert live.value("servewatch_first_chunk_seconds_count", endpoint="nothing") == 0
    assert live.count(200, "nothing") == 1


@pytest.mark.parametrize("accept", ["", EVENTS])
def test_an_error_before_the_first_item_has_its_status(live: Any, accept: str) -> None:
    """Nothing was sent yet, so the answer is an error like any other's."""
    answer = ask(live, "/fails", "unfit", accept=accept)
    assert (answer.status, answer.error["code"]) == (422, "unfit_input")
    assert ask(live, "/counts", "halt").status == 500


def test_an_error_in_the_middle_is_the_last_item(live: Any) -> None:
    """As an event or a line with our JSON, without the user's secrets; counted as 500."""
    event = ask(live, "/fails", "hm", accept=EVENTS).content.decode().split("\n\n")[-2]
    name, data = event.split("\n")
    assert (name, json.loads(data[6:])["error"]["code"]) == ("event: error", "runner_failed")
    for path, text in (("/fails", "hm"), ("/counts", "a halt")):
        answer = ask(live, path, text)
        assert json.loads(answer.content.splitlines()[-1])["error"]["code"] == "runner_failed"
        assert b"secret" not in answer.content
    assert (live.count(500, "fails"), live.count(500, "counts"), live.count(200, "fails")) == (2, 1, 0)


def test_an_error_in_the_middle_of_bytes_cuts_them_off(live: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Without words for an error, the answer must not look whole; the log has the user's traceback, and that alone."""
    with opened(live, "/raw", "abc") as answer, pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        answer.read()
    assert live.count(500, "raw") == 1
    assert {record.name for record in caplog.records if record.levelname == "ERROR"} == {"serving"}


def test_a_client_that_leaves_closes_the_generator(live: Any, teller: Storyteller, eventually: Any) -> None:
    """Its finally runs, and the request is counted 499."""
    with opened(live, "/waits", "hm") as answer:
        assert answer.read(2) == b"hm"
    eventually(lambda: teller.closed == ["waits"])
    eventually(lambda: live.count(499, "waits") == 1)
    assert live.value("servewatch_requests_in_progress", endpoint="waits") == 0


def test_a_client_that_leaves_ends_the_generator_on_its_thread(live: Any, teller: Storyteller, eventually: Any) -> None:
    """It is closed where it ran, the thread is free for the next, and the runner counts it cancelled."""
    for gone in (1, 2):
        with opened(live, "/tells", "x") as answer:
            assert answer.read(3000) == b"x" * 3000
        eventually(lambda gone=gone: teller.closed == ["tells"] * gone)
    assert len(teller.threads) == 1
    eventually(lambda: live.value("servewatch_runner_requests_total", runner="tells", outcome="cancelled") == 2)
    assert live.count(499, "tells") == 2


def test_a_generator_does_not_run_ahead_of_its_client(live: Any, teller: Storyteller, eventually: Any) -> None:
    """With a client that does not read, it stops when the buffers are full."""
    with opened(live, "/tells", "x" * 100):
        last = [-1]

        def still() -> bool:
            was, last[0] = last[0], teller.told
            return was == last[0] or bool(threading.Event().wait(0.2))

        eventually(still)
        assert ROOM < teller.told < 2000


def test_a_deadline_ends_a_stream_with_its_error(live: Any, teller: Storyteller) -> None:
    """The whole answer has so long; what came is followed by the error, counted as 504."""
    answer = ask(live, "/waits", "hm", accept=EVENTS, request_timeout="0.1")
    events = answer.content.decode().split("\n\n")
    assert events[0] == "id: 0\ndata: hm"
    assert json.loads(events[1].split("data: ")[1])["error"]["code"] == "deadline"
    assert live.count(504, "waits") == 1
    assert teller.closed == ["waits"]


def test_a_stream_that_waits_for_its_thread_can_be_given_up(live: Any, teller: Storyteller, eventually: Any) -> None:
    """Behind a busy thread it is 504 at its deadline, and never begins."""
    with opened(live, "/tells", "x"):
        assert ask(live, "/tells", "y", request_timeout="0.05").status == 504
        eventually(lambda: live.value("servewatch_runner_requests_total", runner="tells", outcome="expired") == 1)
    eventually(lambda: teller.closed == ["tells"])


def test_a_connection_goes_on_after_a_stream(live: Any) -> None:
    """A stream that ended whole leaves the connection as it was."""
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    for _ in range(3):
        connection.request("POST", "/words", b"la li", {"content-type": "text/plain"})
        assert connection.getresponse().read() == b"la li "
    connection.close()


def test_a_stop_waits_for_streams(live: Any, teller: Storyteller, eventually: Any) -> None:
    """A drain lets a stream end, and says that the connection ends with it."""
    with opened(live, "/waits", "hm") as answer:
        live.server.should_exit = True
        eventually(lambda: not live.server.servers[0].sockets)
        loop = live.server.servers[0].get_loop()
        loop.call_soon_threadsafe(teller.go.set)
        assert answer.read() == b"hmhm"
    live.thread.join(timeout=10)
    assert live.count(200, "waits") == 1


def test_a_stream_that_outlasts_the_stop_ends_with_an_error(serve: Callable[..., Any]) -> None:
    """After the drain's timeout its generator is closed, and the client is told why."""
    live = serve(Storyteller, drain_delay=0.0, drain_timeout=0.5)
    with opened(live, "/waits", "hm", accept=EVENTS) as answer:
        live.server.handle_exit(signal.SIGTERM, None)
        last = answer.read().decode().split("\n\n")[-2]
    assert json.loads(last.removeprefix("event: error\ndata: "))["error"]["code"] == "not_ready"
    live.thread.join(timeout=10)
    assert live.lifecycle.instance.closed == ["waits"]
    assert live.count(503, "waits") == 1


def test_the_docs_show_what_comes(live: Any) -> None:
    """OpenAPI names the media types of a stream."""
    paths = live.get("/openapi.json").json()["paths"]
    assert set(paths["/words"]["post"]["responses"]["200"]["content"]) == {"text/plain", EVENTS}
    assert set(paths["/counts"]["post"]["responses"]["200"]["content"]) == {"application/x-ndjson", EVENTS}
