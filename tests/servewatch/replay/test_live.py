"""servewatch/replay/live.py: what Prometheus says of an incident that was caused in a running stack."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from servewatch.replay.catalogue import INCIDENTS, chosen
from servewatch.replay.live import first_seen, restarts
from servewatch.stack.errors import StackError

(BURST,) = chosen(["error-burst"])
LATER = 7.0


class Answers(BaseHTTPRequestHandler):
    """A Prometheus in which nothing is loud, and where an alert fired a while after something was caused."""

    caused = 0.0
    asked: list[str]

    def do_GET(self) -> None:
        """Answer a query, and that it is ready."""
        query = parse_qs(urlsplit(self.path).query).get("query", [""])[0]
        self.asked.append(query)
        fired = ("RequestErrorsHigh", "Watchdog") if query.startswith("min by (alertname)") else ()
        found = [{"metric": {"alertname": name}, "value": [0, str(self.caused + LATER)]} for name in fired]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"data": {"result": found}}).encode())

    def log_message(self, *text: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def prometheus() -> Iterator[str]:
    """The address of such a Prometheus."""
    Answers.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def cause() -> None:
    """Something begins now."""
    Answers.caused = time.time()


def test_an_alert_is_told_in_seconds_from_the_begin(prometheus: str) -> None:
    """It fired so long after what was caused; the one that always fires is left out, and quiet is asked for first."""
    seen = first_seen(BURST, cause, prometheus, lambda said: None)
    assert seen.keys() == {"RequestErrorsHigh"}
    assert seen["RequestErrorsHigh"] >= LATER
    assert Answers.asked[0] == 'ALERTS{alertname!="Watchdog"}'


def test_restarts_that_still_count_are_waited_for(prometheus: str) -> None:
    """Before a crash loop no replica may have started in the last quarter of an hour; other incidents need not wait."""
    (loop,) = chosen(["crash-loop"])
    first_seen(loop, cause, prometheus, lambda said: None)
    assert "changes(process_start_time_seconds" in Answers.asked[0]
    assert {one.name for one in INCIDENTS if restarts(one)} == {"crash-loop", "memory-leak"}


def test_a_prometheus_that_is_not_there_is_an_error_with_advice() -> None:
    """Nothing is caused where nobody could see it."""
    with pytest.raises(StackError, match=r"no answer on http://127\.0\.0\.1:1"):
        first_seen(BURST, lambda: pytest.fail("caused"), "http://127.0.0.1:1", lambda said: None)
