"""Demo traffic: when it is sent, what is sent, and that it never piles up."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from alerts import ALERTS
from alerts.windows import Windows
from servewatch.stack import health
from servewatch.traffic import demo, faults, pictures, samples
from servewatch.traffic.client import Client, Sample
from servewatch.traffic.drift import CHANGES
from servewatch.traffic.run import Run, Tally, report, tally
from servewatch.traffic.schedule import WAVE_SECONDS, arrivals, rate_at, steady

PICTURES = np.linspace(0, 1, 12 * 28 * 28, dtype=np.float32).reshape(12, 28, 28)


class Recorder(BaseHTTPRequestHandler):
    """Answers like a service, keeps what came, and can be made to wait or to close its connections."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.seen.append((self.path, self.headers["Content-Type"], self.headers["X-Servewatch-Fault"], body))
        server.gate.wait(10)
        code = 500 if self.headers["X-Servewatch-Fault"] == "error" else 200
        self.answer(code, b"{}", close=server.closing)

    def do_GET(self) -> None:
        server: Any = self.server
        self.answer(200, json.dumps(server.openapi).encode())

    def answer(self, code: int, body: bytes, close: bool = False) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        # Closed without saying so, as a service does with a connection that has been idle for long.
        self.close_connection = close

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        more: Any = server
        more.seen, more.gate, more.closing = [], threading.Event(), False
        more.openapi = {"paths": {"/predict": {}, "/predict_array": {}}}
        more.url = f"http://127.0.0.1:{server.server_port}"
        more.gate.set()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        more.gate.set()
        server.shutdown()
        thread.join()


class Quick:
    """Waits in no time on a clock of its own, and stops after so many waits."""

    def __init__(self, waits: int = 10**6) -> None:
        self.now, self.left = 0.0, waits

    @property
    def stop(self) -> bool:
        return self.left <= 0

    def wait(self, seconds: float) -> None:
        self.now, self.left = self.now + seconds, self.left - 1


class Counting(Client):
    """Counts what it is offered instead of sending it."""

    def __init__(self, clock: Quick) -> None:
        super().__init__("http://127.0.0.1:1")
        self.clock, self.offered = clock, list[tuple[float, str]]()

    def offer(self, sample: Sample) -> bool:
        self.offered.append((self.clock.now, sample.path))
        return True


@pytest.mark.parametrize("rate", [0.5, 5.0, 30.0])
def test_arrivals_have_the_rate_that_was_asked_for(rate: float) -> None:
    """Over whole waves the mean is the rate, bursts included."""
    seconds = WAVE_SECONDS * 20
    sent = sum(count for _, count in itertools.takewhile(lambda next: next[0] < seconds, arrivals(rate, seed=1)))
    assert sent / seconds == pytest.approx(rate, rel=0.08)


def test_arrivals_have_bursts_and_never_go_back() -> None:
    """Now and then many requests start at once, so that batches form; times only grow."""
    first = list(itertools.islice(arrivals(30.0, seed=2), 3000))
    times = [when for when, _ in first]
    assert times == sorted(times)
    assert max(count for _, count in first) >= 16
    assert sum(count == 1 for _, count in first) > 2500


def test_wave_is_gentle() -> None:
    """The rate swings by about a third around its mean."""
    rates = [rate_at(second, 30.0) for second in range(int(WAVE_SECONDS))]
    assert 19 < min(rates) < 20
    assert 40 < max(rates) < 41


def test_run_keeps_to_the_plan() -> None:
    """Each request starts at its time, on the clock that is given."""
    clock = Quick()
    client = Counting(clock)
    Run(client, samples.mixed(PICTURES), steady(10.0), clock=lambda: clock.now).until(1.0, clock)
    assert [when for when, _ in client.offered] == pytest.approx([number / 10 for number in range(10)])


def test_run_does_not_send_what_it_missed_in_one_heap() -> None:
    """After a pause, as when a computer slept, it goes on from now."""
    clock = Quick()
    client = Counting(clock)
    run = Run(client, samples.mixed(PICTURES), steady(10.0), clock=lambda: clock.now)
    run.until(1.0, clock)
    clock.now = 1000.0
    run.until(1001.0, clock)
    assert 18 <= len(client.offered) <= 22


def test_run_stops_when_told() -> None:
    """A wish to stop ends it before its time."""
    clock = Quick(waits=5)
    client = Counting(clock)
    Run(client, samples.mixed(PICTURES), steady(10.0), clock=lambda: clock.now).until(1000.0, clock)
    assert len(client.offered) <= 6


def test_client_sends_what_the_sample_says(service: Any) -> None:
    """Path, content type, header and body arrive as they are in the sample."""
    client = Client(service.url)
    sent = Sample("/predict", "image/png", b"\x89PNG", {"X-Servewatch-Fault": "slow=0.8"})
    assert client.send(sent) == 200
    client.close()
    assert service.seen == [("/predict", "image/png", "slow=0.8", b"\x89PNG")]


def test_client_never_piles_up(service: Any) -> None:
    """With as many requests under way as may be, more are left out and counted, and nothing waits in a queue."""
    service.gate.clear()
    client = Client(service.url, limit=4)
    sample = samples.png(PICTURES[0])
    assert [client.offer(sample) for _ in range(10)] == [True] * 4 + [False] * 6
    service.gate.set()
    client.close()
    assert tally(client, 1.0) == Tally({200: 4}, 6, 1.0)
    assert len(service.seen) == 4


def test_client_outlives_closed_connections(service: Any) -> None:
    """A connection that the service closed while it lay idle costs no request."""
    service.closing = True
    client = Client(service.url)
    assert [client.send(samples.png(PICTURES[0])) for _ in range(5)] == [200] * 5
    client.close()


def test_client_counts_a_service_that_is_gone() -> None:
    """No answer is an outcome of its own, not an error of the traffic."""
    client = Client("http://127.0.0.1:1", timeout=1.0)
    client.offer(samples.png(PICTURES[0]))
    client.close()
    assert client.codes() == {0: 1}
    assert str(tally(client, 1.0)) == "0 requests/s, 1 x no answer"


def test_samples_hold_the_pictures() -> None:
    """PNG, JSON and npy bodies decode to the picture that they were made of."""
    picture = PICTURES[7]
    png = np.asarray(Image.open(io.BytesIO(samples.png(picture).body)))
    assert png.shape == (28, 28)
    assert np.abs(png / 255 - picture).max() <= 0.5 / 255 + 1e-6
    assert np.allclose(json.loads(samples.as_json(picture).body), picture, atol=1e-4)
    assert np.array_equal(np.load(io.BytesIO(samples.npy(PICTURES).body)), PICTURES)
    assert np.load(io.BytesIO(samples.rows(PICTURES, 64).body)).shape == (64, 28, 28)


def test_mixture_has_every_kind() -> None:
    """Demo traffic uses both endpoints, and pictures, JSON and npy."""
    kinds = {(sample.path, sample.content_type) for sample in samples.mixed(PICTURES)}
    assert kinds == {
        ("/predict", "image/png"),
        ("/predict_array", "application/json"),
        ("/predict_array", "application/x-npy"),
    }


def test_pictures_are_those_of_the_demo(tmp_path: Path) -> None:
    """Without a model in the store the pictures are digits, in the shape and range that the service takes."""
    pytest.importorskip("sklearn", reason="pip install 'servewatch[examples]'")
    shown = pictures.load(tmp_path, count=20)
    assert shown.shape == (20, 28, 28)
    assert shown.dtype == np.float32
    assert 0.0 <= shown.min() < 0.1
    assert 0.9 < shown.max() <= 1.0


def test_errors_mark_a_third_of_the_requests() -> None:
    """Of the requests of `demo errors` a third carry the header that makes them fail."""
    made = faults.ERRORS.make(PICTURES)
    assert sum(sample.headers.get(faults.HEADER) == "error" for sample in made) / len(made) == pytest.approx(1 / 3)


def test_overload_sends_more_than_the_runner_can_take() -> None:
    """Rows per second of `demo overload` are over what batches of 64 rows at 0.8 s each allow."""
    offered = faults.OVERLOAD.rate * faults.FLOOD_ROWS
    assert offered > 2 * 64 / 0.8


def test_faults_promise_alerts_that_are_there() -> None:
    """Failing requests, slowness, overload, a death and drift have a fault each; what they promise can fire."""
    promised = {fault.alert for fault in faults.BY_NAME.values()} | {faults.kill_alert(1), faults.kill_alert(2)}
    promised |= {change.fault(np.arange(3), Windows()).alert for change in CHANGES.values()}
    assert promised <= set(ALERTS)
    named = {"ServiceDown", "ReplicaDown", "RequestErrorsHigh", "RequestLatencyHigh", "QueueFull"}
    assert {alert.name for alert in promised} == {*named, "DataDrift", "PredictionDrift"}


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"is silent", "is pending", "fires"}, "X fired, and resolves by itself"),
        ({"is silent", "is pending"}, "X did not fire, though it was pending: too short"),
        ({"is silent", "(Prometheus does not answer)"}, "X did not fire: too short"),
        ({"(Prometheus does not answer)"}, "whether X fired is not known: Prometheus does not answer"),
        (set(), "whether X fired is not known"),
    ],
)
def test_what_came_of_an_alert_is_what_was_seen(seen: set[str], said: str) -> None:
    """A fault ends with whether its alert fired, and only one that did is said to resolve."""
    told = demo.came_of("X", seen, "too short")
    assert told.startswith(said)
    assert ("resolves" in told) == ("fires" in seen)


def test_long_windows_are_told() -> None:
    """An alert over several windows ends with the last of them, up to a day later: who waits for it should know."""
    told = demo.came_of("X", {"fires"}, "too short", ("10m", "1h", "1d"))
    assert told.endswith("once its windows have passed: those of 10m, 1h and 1d")


@pytest.mark.parametrize(("states", "said"), [(["pending", "firing"], "fires"), (["pending"], "is pending")])
def test_a_state_is_read_from_prometheus(states: list[str], said: str, service: Any) -> None:
    """Of an alert's instances the one that fires counts; no instance is silence, no answer is told as that."""
    service.openapi = {"data": {"result": [{"metric": {"alertstate": state}} for state in states]}}
    assert demo.alert_state(service.url, "X") == said
    service.openapi = {"data": {"result": []}}
    assert demo.alert_state(service.url, "X") == "is silent"
    assert demo.alert_state("http://127.0.0.1:1", "X") == "(Prometheus does not answer)"


def test_other_services_get_no_demo_traffic(service: Any) -> None:
    """A service without the demo's endpoints is refused by name before anything is sent."""
    demo.refuse_others(service.url)
    service.openapi = {"paths": {"/predict": {}}}
    with pytest.raises(demo.TrafficInvalid, match=r"has no /predict_array: it is not the demo service"):
        demo.refuse_others(service.url)
    assert service.seen == []


def test_traffic_runs_for_the_time_given(service: Any, tmp_path: Path) -> None:
    """The whole of it: pictures go to the service, and the report tells how it went."""
    pytest.importorskip("sklearn", reason="pip install 'servewatch[examples]'")
    said: list[str] = []
    demo.send_traffic(service.url, tmp_path, 60.0, 1.0, tmp_path / "report.json", said.append)
    assert len(service.seen) > 10
    assert said[0] == f"sending about 60 requests/s to {service.url}"
    assert said[-1].endswith(f"{len(service.seen)} x 200")
    assert health.beats(tmp_path / "report.json") == ""
    assert "requests/s" in health.told(tmp_path / "report.json")


def test_silent_report_is_a_reason(tmp_path: Path) -> None:
    """A report that is missing or grows old makes the process unhealthy."""
    path = tmp_path / "report.json"
    assert health.beats(path) == "it has not reported yet"
    report(path, "3 requests/s", Tally({200: 3}, 0, 1.0))
    assert health.beats(path) == ""
    assert health.beats(path, clock=lambda: time.time() + 60).startswith("it last reported 60 s ago")
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    assert health.told(path) == ""


def test_mixture_has_no_favourites() -> None:
    """Rows that come more than once are spread over all pictures: else demo traffic by itself would be drift."""
    shown = np.arange(960, dtype=np.float32)[:, None, None] / 960 * np.ones((28, 28), np.float32)
    arrays = [sample for sample in samples.mixed(shown) if sample.content_type == "application/x-npy"]
    rows = np.concatenate([np.load(io.BytesIO(sample.body)).reshape(-1, 28, 28) for sample in arrays])
    quarters = np.histogram(rows[:, 0, 0], bins=4, range=(0, 1))[0]
    assert len(rows) == 160 + 120
    assert quarters.max() - quarters.min() <= 4
