from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import numpy as np
import pytest

from serving import NDArray, api, batched, service
from serving.logs import About, AccessLog, JsonFormatter, TextFormatter
from serving.tracks import Notes, Track, track_now
from tests.monitoring.tracing.collectors import SAMPLED, TRACE

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 2))]
log = logging.getLogger("shop")


GATE = threading.Event()


@service
class Narrow:
    """Keeps who comes waiting."""

    @batched(max_rows=1)
    def hold(self, rows: np.ndarray) -> np.ndarray:
        GATE.wait(10)
        return rows

    @api
    async def ask(self, rows: Rows) -> Rows:
        return await self.hold(rows)


@service
class Shop:
    """Logs where it works."""

    @batched
    def double(self, rows: np.ndarray) -> np.ndarray:
        log.warning("on a thread")
        if (rows == 13).any():
            raise ArithmeticError("no 13")
        return rows * 2

    @api
    async def price(self, rows: Rows) -> Rows:
        log.warning("on the loop")
        return await self.double(rows)

    @api
    async def plain(self, text: str) -> str:
        return text


@pytest.fixture
def lines() -> Any:
    """What the shop's logger says, as JSON."""
    found: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(self.format(record)))

    handler = Keep()
    handler.addFilter(About(track_now))
    handler.setFormatter(JsonFormatter())
    log.addHandler(handler)
    yield found
    log.removeHandler(handler)


@pytest.fixture
def access(capfd: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """`access()` gives the lines that stand on stdout."""
    return lambda: [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def record(**more: Any) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "a.b", "levelname": "WARNING", "msg": "hello %s", "args": ("you",), **more})
    About(lambda: Track(None, ("r-1",), trace_id="abc")).filter(made)
    return made


def test_the_users_lines_say_which_request_they_are_about(serve: Callable[..., Any], lines: list[Any]) -> None:
    """With logs as JSON, a line from the event loop and one from the runner's thread have the request's ids."""
    live = serve(Shop, log_format="json")
    live.post("/price", [[1, 2]], x_request_id="r-1", traceparent=SAMPLED)
    assert [(line["message"], line["request_id"], line["trace_id"]) for line in lines] == [
        ("on the loop", "r-1", TRACE),
        ("on a thread", "r-1", TRACE),
    ]
    log.warning("outside")
    assert "request_id" not in lines[-1]


def test_a_request_is_one_line_with_what_is_known_of_it(serve: Callable[..., Any], access: Callable[[], Any]) -> None:
    """Id, trace, endpoint, code, time, rows, and of the queue the time and the batch; nothing that is not known."""
    live = serve(Shop, access_log="json")
    live.post("/price", [[1, 2], [3, 4]], x_request_id="r-1", traceparent=SAMPLED)
    live.post("/plain", b"x", content_type="text/plain", x_request_id="r-2")
    live.post("/price", [[13, 2]], x_request_id="r-3")
    live.get("/price", x_request_id="r-4")
    live.get("/healthz")
    live.stop()
    first, second, third, fourth = access()
    assert list(first) == [
        "time", "request_id", "trace_id", "endpoint", "code", "seconds", "rows", "batch_rows", "queue_seconds",
    ]  # fmt: skip
    assert (first["request_id"], first["trace_id"], first["endpoint"], first["code"]) == ("r-1", TRACE, "price", 200)
    assert (first["rows"], first["batch_rows"]) == (2, 2)
    assert 0 <= first["queue_seconds"] < first["seconds"]
    assert datetime.fromisoformat(first["time"]).tzinfo is not None
    assert (second["request_id"], list(second)) == ("r-2", ["time", "request_id", "endpoint", "code", "seconds"])
    assert (third["code"], third["rows"], fourth["code"]) == (500, 1, 405)


def test_each_request_that_is_turned_away_has_its_line(
    serve: Callable[..., Any], access: Callable[[], Any], eventually: Callable[..., Any]
) -> None:
    """Also while the house is full, when others would be refused at the door."""
    GATE.clear()
    live = serve(Narrow, access_log="json", max_queue_rows=1, warmup="off")
    waiting = [threading.Thread(target=live.post, args=("/ask", [[1, 2]])) for _ in range(2)]
    waiting[0].start()
    eventually(lambda: live.value("servewatch_runner_requests_in_progress", runner="hold") == 1)
    waiting[1].start()
    eventually(lambda: live.value("servewatch_runner_queue_requests", runner="hold") == 1)
    for number in range(5):
        assert live.post("/ask", [[1, 2]], x_request_id=f"r-{number}").status == 503
    GATE.set()
    for thread in waiting:
        thread.join(10)
    live.stop()
    lines = [line for line in access() if line["code"] == 503]
    assert [line["request_id"] for line in lines] == [f"r-{number}" for number in range(5)]


def test_a_path_that_is_no_endpoint_has_its_line(serve: Callable[..., Any], access: Callable[[], Any]) -> None:
    """It is told as it is counted: endpoint unknown, and never the path that a client made up."""
    live = serve(Shop, access_log="json")
    live.get("/nowhere?%22", x_request_id="r-5")
    live.stop()
    assert [(line["endpoint"], line["code"], line["request_id"]) for line in access()] == [("unknown", 404, "r-5")]


def test_lines_for_programs_are_json_with_what_was_given() -> None:
    """One object on one line: extra fields as they are, the exception with its traceback, odd values as text."""
    try:
        raise KeyError("x")
    except KeyError:
        made = record(exc_info=sys.exc_info(), user={"id": 7}, odd=Track, message_id="a\nb")
    text = JsonFormatter().format(made)
    line = json.loads(text)
    assert "\n" not in text
    assert (line["level"], line["logger"], line["message"]) == ("warning", "a.b", "hello you")
    assert (line["request_id"], line["trace_id"], line["user"], line["message_id"]) == ("r-1", "abc", {"id": 7}, "a\nb")
    assert line["exception"].endswith("KeyError: 'x'")
    assert "Track" in line["odd"]


def test_a_line_about_a_batch_names_all_its_requests() -> None:
    """Which of them it is about cannot be known."""
    made = logging.makeLogRecord({"msg": "hello"})
    About(lambda: Track(None, ("r-1", "r-2"))).filter(made)
    line = json.loads(JsonFormatter().format(made))
    assert (line["request_ids"], "request_id" in line) == (["r-1", "r-2"], False)


def test_lines_for_people_end_with_what_they_are_about() -> None:
    """The traceback comes after; a line that is about no request ends as ever."""
    formatter = TextFormatter("%(name)s: %(message)s")
    assert formatter.format(record()) == "a.b: hello you [request_id=r-1 trace_id=abc]"
    assert formatter.format(logging.makeLogRecord({"name": "a", "msg": "b"})) == "a: b"


def test_a_reader_of_the_access_log_that_is_gone_ends_nothing() -> None:
    """With stdout closed, a line is lost and nothing is raised."""
    code = (
        "import os, sys; os.close(1)\n"
        "from serving.logs import AccessLog\n"
        "AccessLog().tell('r', None, 'e', 200, 0.1, None); print('went on', file=sys.stderr); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "went on\n")


def test_the_time_of_a_line_is_the_clocks() -> None:
    """In UTC, to the millisecond, as ISO 8601 has it."""
    found: list[bytes] = []
    AccessLog(found.append, lambda: 1_700_000_000.5).tell("r", None, "e", 200, 0.1, Notes())
    assert json.loads(found[0])["time"] == "2023-11-14T22:13:20.500Z"
    assert found[0].endswith(b"}\n")
