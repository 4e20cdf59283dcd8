"""What demo drift does to the pictures, and what it promises."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from alerts.windows import Windows
from monitoring.reference import images
from servewatch.cli.demo import KINDS
from servewatch.cli.demo import demo as command
from servewatch.traffic import demo
from servewatch.traffic.drift import CHANGES
from servewatch.traffic.samples import PREDICT

CHANCE = np.random.default_rng(0)
LABELS = CHANCE.integers(0, 10, 60)
PICTURES = np.kron(CHANCE.random((60, 7, 7)), np.ones((4, 4))).astype(np.float32) * 0.7
BRIGHTNESS, CONTRAST, SHARPNESS = range(3)


def looks(kind: str) -> np.ndarray:
    """Mean brightness, contrast and sharpness after a change, as shares of what they were before."""
    changed = images.summaries(CHANGES[kind].change(PICTURES, LABELS))
    return changed.mean(axis=0) / images.summaries(PICTURES).mean(axis=0)


@pytest.mark.parametrize("kind", CHANGES)
def test_changed_pictures_are_pictures_and_changed_the_same_way_each_time(kind: str) -> None:
    """Grey values stay in 0..1 in the served type, so that the service takes them; a second run sends the same."""
    changed = CHANGES[kind].change(PICTURES, LABELS)
    assert changed.dtype == np.float32
    assert changed.shape[1:] == (28, 28)
    assert 0 <= changed.min() <= changed.max() <= 1
    assert np.array_equal(changed, CHANGES[kind].change(PICTURES, LABELS))
    assert not np.array_equal(changed[: len(PICTURES)], PICTURES) or kind == "prior"


def test_each_kind_moves_what_it_is_called_after() -> None:
    """Blur takes sharpness and contrast, noise adds sharpness, brightness is brightness, a turn leaves brightness."""
    assert looks("blur")[SHARPNESS] < 0.8
    assert looks("blur")[CONTRAST] < 0.9
    assert looks("noise")[SHARPNESS] > 1.5
    assert looks("brightness")[BRIGHTNESS] > 1.3
    assert looks("rotate")[BRIGHTNESS] == pytest.approx(1, abs=0.2)
    assert looks("invert")[CONTRAST] == pytest.approx(1, abs=0.01)


def test_a_shift_of_the_classes_shows_no_new_picture() -> None:
    """Most are of three classes then, and each is one that was there before: only the answers' shares can tell."""
    changed = CHANGES["prior"].change(PICTURES, LABELS)
    known = {picture.tobytes(): label for picture, label in zip(PICTURES, LABELS, strict=True)}
    found = [known[picture.tobytes()] for picture in changed]
    assert np.mean(np.array(found) < 3) > 0.6
    assert set(found) == set(LABELS.tolist())


def test_every_kind_is_a_choice_and_promises_its_alert() -> None:
    """The command offers what there is; a shift of the classes is drift of the answers, the others of the inputs."""
    assert set(KINDS) == set(CHANGES)
    promised = {kind: change.fault(LABELS, Windows()).alert.name for kind, change in CHANGES.items()}
    assert promised == {**dict.fromkeys(CHANGES, "DataDrift"), "prior": "PredictionDrift"}
    fault = CHANGES["blur"].fault(LABELS, Windows(step="1m", windows=("10m", "1h")))
    assert {sample.path for sample in fault.make(PICTURES)} == {PREDICT}
    assert fault.expected.startswith("within 3 minutes, where the model was watched for over 10m before")
    assert fault.seconds == 180


def test_an_unknown_kind_is_told_what_there_is() -> None:
    """The error lists the kinds."""
    answer = CliRunner().invoke(command, ["drift", "--kind", "fog"])
    assert answer.exit_code == 2
    assert "'blur', 'noise', 'rotate', 'brightness', 'prior', 'invert'" in answer.output


@pytest.fixture
def prometheus() -> Iterator[str]:
    """Says that drift of two features is pending or fires."""
    labels = ({"feature": "sharpness", "alertstate": "firing"}, {"feature": "contrast", "alertstate": "pending"}, {})
    body = json.dumps({"data": {"result": [{"metric": each} for each in labels]}}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *text: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_an_alert_is_about_is_told(prometheus: str) -> None:
    """Each feature is named once; where Prometheus does not answer, nothing is."""
    assert demo.about_what(prometheus, "DataDrift", "feature") == " for contrast, sharpness"
    assert demo.about_what("http://127.0.0.1:1", "DataDrift", "feature") == ""
