"""servewatch/labels.py: files of labels, and what a service makes of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Annotated, Any

import numpy as np
import pytest
from click.testing import CliRunner
from prometheus_client import CollectorRegistry

from monitoring.reference import Feature, Reference
from servewatch.cli import servewatch
from servewatch.labels import FeedbackFailed, LabelsInvalid, read, send
from serving import NDArray, Settings, api, batched, create_app, service, use
from serving.lifecycle import Lifecycle
from serving.server import Server, _config, listen
from serving.store.model import ModelInfo

COLUMNS = ("id", "label", "row")
CONFIDENCE = Feature("confidence", "output", (0, 40, 60, 0), edges=(0.0, 0.75), dtype="float32")
REFERENCE = Reference((CONFIDENCE,), {"outputs": {"kind": "probabilities"}}, (0.5, 0.6, 0.9, 0.5), ("no", "yes"))


def ignore(seconds: float) -> None:
    """Instead of waiting."""


class Stand:
    """An HTTP server in a service's place, which answers what it was told to and keeps what it was sent."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.sent: list[list[dict[str, Any]]] = []
        left, kept = list(answers), self.sent

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                kept.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                status, value = left.pop(0) if left else (200, None)
                body = json.dumps(value if value is not None else _receipt(len(kept[-1]))).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *said: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _receipt(counted: int, **rejected: int) -> dict[str, Any]:
    reasons = {"unmatched": 0, "late": 0, "duplicate": 0, "invalid": 0} | rejected
    problems = [{"item": 1, "reason": reason, "message": "so"} for reason in rejected]
    return {"counted": counted, "correct": counted, "rejected": reasons, "problems": problems}


@pytest.fixture
def stand() -> Iterator[Callable[..., Stand]]:
    """`stand((503, {}), ...)` answers so."""
    made: list[Stand] = []

    def make(*answers: tuple[int, Any]) -> Stand:
        made.append(Stand(*answers))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "id,label,row,other\nx,cat,,1\ny,,,\nz,2,1,"),
        ("a.csv", '\ufeff"label","id","row"\r\ncat,x,\r\n,y,\r\n2,z,1\r\n'),
        ("a.ndjson", '{"id":"x","label":"cat"}\n\n{"id":"y","label":null}\n{"id":"z","label":"2","row":1,"more":3}'),
        ("a.json", '[{"id":"x","label":"cat"},{"id":"y","label":null},{"id":"z","label":"2","row":1}]'),
    ],
)
def test_the_same_labels_are_read_of_each_format(name, text):
    """Columns stand in any order, others are left out, and an empty label is none."""
    found = [item for _, item in read(name, text.encode(), COLUMNS)]
    assert found == [{"id": "x", "label": "cat"}, {"id": "y"}, {"id": "z", "label": "2", "row": 1}]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"key,truth\nx,cat", "line 2: not the columns 'id' and 'label'"),
        ("a.json", b"{", "cannot be read as json"),
        ("a.json", b"[3]", "line 1: not"),
        ("a.ndjson", b'{"id":"x","label":1}\n{', "cannot be read as ndjson"),
        ("a.csv", b"id,label\n\xff,\xfe", "cannot be read as csv"),
        ("a.csv", b'id,label\n"x,cat', "cannot be read as csv"),
    ],
)
def test_what_is_no_file_of_labels_is_refused(name, data, said):
    """The message has the file, the place and what is wrong there."""
    with pytest.raises(LabelsInvalid, match="a\\.") as raised:
        read(name, data, COLUMNS)
    assert said in str(raised.value)


def test_other_columns_can_be_named():
    """A file need not be made for us."""
    assert read("a.csv", b"p,truth\nx,cat", ("p", "truth", "row")) == [(2, {"id": "x", "label": "cat"})]


def test_labels_go_in_pieces_and_problems_tell_their_lines(stand):
    """A problem with the second item of the second piece is told with its line in the file."""
    service = stand((200, _receipt(3)), (200, _receipt(2, late=1)))
    labels = [(line, {"id": "x", "label": line}) for line in range(2, 8)]
    sent = send(service.url, [*labels, (9, {"id": "y"})], ignore, piece=3)
    assert [len(piece) for piece in service.sent] == [3, 3]
    assert (sent.counted, sent.unlabelled, dict(sent.rejected), sent.fine) == (5, 1, {"late": 1}, False)
    assert sent.problems == [{"item": 6, "reason": "late", "message": "so"}]
    assert "  line 6: so" in list(sent.lines())


def test_a_busy_service_is_asked_again_and_a_small_limit_is_kept_to(stand):
    """503 is waited out, 413 is answered with halves; no label is lost, and their places stay right."""
    service = stand((503, {}), (413, {}), (200, _receipt(2)), (200, _receipt(1, invalid=1)))
    waited: list[float] = []
    sent = send(service.url, [(line, {"id": "x", "label": 1}) for line in range(1, 5)], waited.append)
    assert [len(piece) for piece in service.sent] == [4, 4, 2, 2]
    assert (waited, sent.counted, sent.problems[0]["item"]) == ([1.0], 3, 4)


def test_an_error_of_the_service_is_told(stand):
    """Its own words are shown; a service that is not there is named."""
    service = stand((422, {"error": {"message": "no label can be counted here"}}))
    with pytest.raises(FeedbackFailed, match="answered 422: no label can be counted here"):
        send(service.url, [(1, {"id": "x", "label": 1})], ignore)
    with pytest.raises(FeedbackFailed, match=r"no answer from http://127\.0\.0\.1:1"):
        send("http://127.0.0.1:1", [(1, {"id": "x", "label": 1})], ignore)


@service(name="judging", version="1")
class Judging:
    """Answers the probabilities that it gets."""

    model = use("judge:latest")

    @batched(watch=True)
    def judge(self, rows: np.ndarray) -> np.ndarray:
        return rows

    @api
    async def shares(self, rows: Annotated[np.ndarray, NDArray("float32", ("N", 2))]) -> np.ndarray:
        return await self.judge(rows)


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[str]:
    """The address of a watched service."""
    info = ModelInfo("judge", "3", "sums", "2026-01-01T00:00:00+00:00")
    model = SimpleNamespace(info=info, name="judge", version="3", reference=REFERENCE)
    monkeypatch.setattr(Lifecycle, "_load", lambda self, tag: self._loaded(model))
    settings = Settings.load({}, home=tmp_path, metrics_port=0)
    door = listen("127.0.0.1", 0, "--port")
    app = create_app(Judging, settings, CollectorRegistry())
    server, ready = Server(_config(app, settings), app), threading.Event()
    app.lifecycle.on_ready = ready.set
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    assert ready.wait(20)
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    server.should_exit = True
    thread.join(15)


def test_the_command_sends_a_file_to_a_real_service(judging, tmp_path):
    """Labels of a CSV file are counted; sent again they are all duplicates, which is fine; a bad one is not."""
    from urllib.request import Request, urlopen

    def ask(rows: list[list[float]]) -> str:
        asked = Request(f"{judging}/shares", json.dumps(rows).encode(), {"content-type": "application/json"})
        with urlopen(asked, timeout=10) as answer:
            return str(answer.headers["x-prediction-id"])

    two = ask([[0.1, 0.9], [0.9, 0.1]])
    file = tmp_path / "labels.csv"
    file.write_text(f"id,label,row\n{ask([[0.2, 0.8]])},yes,\n{two},no,0\n{two},no,1\n{ask([[0.3, 0.7]])},,\n")
    run = CliRunner()
    first = run.invoke(servewatch, ["feedback", str(file), "--url", judging])
    assert first.exit_code == 0
    assert first.output == "3 labels counted, 66.7% of their predictions right.\n1 rows had no label yet.\n"
    again = run.invoke(servewatch, ["feedback", str(file), "--url", judging, "--json"])
    assert (again.exit_code, json.loads(again.output)["rejected"]) == (0, {"duplicate": 3})
    file.write_text(f"id,label\n{two},maybe\nnonsense,yes\n")
    bad = run.invoke(servewatch, ["feedback", str(file), "--url", judging])
    assert bad.exit_code == 1
    assert "line 2: the answer had 2 rows" in bad.output
    assert "line 3: not a prediction id: 'nonsense'" in bad.output
