"""servewatch/traffic/late.py: labels come later, and only where they are taken."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest

from servewatch.traffic import samples
from servewatch.traffic.client import Client
from servewatch.traffic.late import DELAY, LateLabels

ID = "AWsA5YcYUiRZxlqR4onIjAMHnlDatGoZtUk"


class Answering(BaseHTTPRequestHandler):
    """Answers with an id, and keeps what comes as feedback."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        server: Any = self.server
        content = b"{}"
        if self.path == "/feedback":
            server.labels += json.loads(body)
            rejected = {"unmatched": 0, "late": 0, "duplicate": 0, "invalid": 0}
            receipt = {"counted": len(json.loads(body)), "correct": 0, "rejected": rejected, "problems": []}
            content = json.dumps(receipt if server.status == 200 else {"error": {"message": "no"}}).encode()
        self.send_response(server.status)
        self.send_header("x-prediction-id", ID)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Any]:
    """A service that keeps what it is sent, in `labels`; `status` is what it answers."""
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        more: Any = server
        more.labels, more.status, more.url = [], 200, f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ignore(seconds: float) -> None:
    """Instead of waiting."""


def test_an_answers_true_classes_are_sent_when_they_are_due(service):
    """The client notes the id of the answer; the label is not there before its time, and then once."""
    now = [0.0]
    late, client = LateLabels(service.url, share=1.0, clock=lambda: now[0]), Client(service.url)
    client.on_prediction = late.note
    pictures = np.zeros((8, 28, 28), np.float32)
    for sample in samples.mixed(pictures, np.arange(8))[-1:]:
        assert client.send(sample) == 200
    client.close()
    now[0] = DELAY[0] - 1
    late.send(ignore)
    assert service.labels == []
    now[0] = DELAY[1] + 1
    late.send(ignore)
    late.send(ignore)
    assert (service.labels, late.counted) == ([{"id": ID, "label": [1]}], 1)


def test_a_share_of_the_answers_is_labelled(service):
    """Of a thousand answers about a tenth."""
    now = [0.0]
    late = LateLabels(service.url, clock=lambda: now[0], seed=1)
    for _ in range(1000):
        late.note(ID, (3,))
    now[0] = 1000.0
    late.send(ignore)
    assert 70 < len(service.labels) < 130


def test_a_service_that_takes_no_labels_is_not_asked_again(service):
    """What it said is kept; one that does not answer at all may be back later."""
    late = LateLabels("http://127.0.0.1:1", share=1.0, clock=lambda: 0.0)
    late._due.append((0.0, 0, {"id": ID, "label": [1]}))
    late.send(ignore)
    assert late.refused == ""
    now, service.status = [0.0], 404
    late = LateLabels(service.url, share=1.0, clock=lambda: now[0])
    late.note(ID, (1,))
    now[0] = 1000.0
    late.send(ignore)
    late.note(ID, (1,))
    now[0] = 2000.0
    late.send(ignore)
    assert "answered 404: no" in late.refused
    assert len(service.labels) == 1


def test_samples_know_the_classes_of_their_pictures():
    """Alone or several in a request, in the pictures' order; without classes they know none."""
    pictures = np.stack([np.full((28, 28), place / 100, np.float32) for place in range(24)])
    known = samples.mixed(pictures, np.arange(24) % 10)
    plain = samples.mixed(pictures)
    assert [sample.body for sample in known] == [sample.body for sample in plain]
    assert all(sample.truth == () for sample in plain)
    assert [sample.truth for sample in known[:3]] == [(0,), (1,), (2,)]
    assert known[-1].truth == (1, 9, 7)
