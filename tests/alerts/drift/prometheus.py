"""A Prometheus that runs the rules of drift in compressed time, over replicas whose counts a test knows."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from alerts.drift import rules
from alerts.rules import rules_file
from alerts.windows import Windows
from monitoring.catalogue import drift
from monitoring.reference import Feature
from tests.prometheus import started
from tests.servewatch.console.serving import read

WINDOWS = Windows(step="12s", windows=("48s", "192s"), scrape="3s")
ANSWERS = 1.0
"""After how many seconds a replica answers: what is counted has to be exact where scrapes take their time."""
FAILS = 3
"""Which of its scrapes a replica that fails does not answer: each third one, so that some ends of steps are hit."""
_MODEL = {"service": "fashion", "version": "1", "model": "mlp", "model_version": "1", "reference": "abc"}


def _line(name: str, value: float, **labels: str) -> str:
    inside = ",".join(f'{label}="{text}"' for label, text in (_MODEL | labels).items())
    return f"{name}{{{inside}}} {value!r}\n"


class Replica:
    """One target: counts of features, and their reference where it is the one that shows it."""

    def __init__(self, features: list[Feature], shows_reference: bool, fails: bool = False) -> None:
        self.features = features
        self.fails, self.asked = fails, 0
        self.counts = {feature.name: [7] * len(feature.bins) for feature in features}
        self.reference = "".join(map(_reference, features)) if shows_reference else ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self) -> str:
        """What is scraped."""
        counted = (
            _line(drift.OBSERVATIONS.name, count, feature=feature.name, role=feature.role, bin=label)
            for feature in self.features
            for label, count in zip(feature.bins, self.counts[feature.name], strict=True)
        )
        return "".join(counted) + self.reference

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        replica = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                replica.asked += 1
                if replica.fails and replica.asked % FAILS == 0:
                    self.send_error(500)
                    return
                body = replica.page().encode()
                threading.Event().wait(ANSWERS)
                # A Prometheus that ends does not wait for the answer.
                with contextlib.suppress(BrokenPipeError):
                    self.send_response(200)
                    self.send_header("Content-Type", "text/plain; version=0.0.4")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _reference(feature: Feature) -> str:
    named = {"feature": feature.name, "role": feature.role}
    gauges = (
        (drift.REFERENCE_RATIO, feature.ratios),
        (drift.REFERENCE_SCORE, feature.scores),
        (drift.REFERENCE_GAP, feature.gaps),
    )
    shown = (
        _line(metric.name, value, **named, bin=label)
        for metric, values in gauges
        for label, value in zip(feature.bins, values, strict=False)
    )
    return "".join(shown) + _line(drift.REFERENCE_ROWS.name, feature.rows, **named)


@contextlib.contextmanager
def replicas(features: list[Feature], number: int = 3) -> Iterator[list[Replica]]:
    """So many replicas that answer scrapes; the first shows the reference, the others fail now and then."""
    made = [Replica(features, at == 0, at > 0) for at in range(number)]
    try:
        yield made
    finally:
        for replica in made:
            replica.server.shutdown()
            replica.server.server_close()


@contextlib.contextmanager
def running(folder: Path, targets: list[Replica]) -> Iterator[str]:
    """The address of a Prometheus with our rules that scrapes these replicas."""
    recordings, alerts = rules(WINDOWS)
    (folder / "drift.rules.yml").write_text(rules_file("drift", recordings, alerts))
    jobs = [{"job_name": "serving", "static_configs": [{"targets": [target.address for target in targets]}]}]
    pace = {"scrape_interval": WINDOWS.scrape, "evaluation_interval": WINDOWS.scrape}
    config = {"global": pace, "rule_files": [str(folder / "drift.rules.yml")], "scrape_configs": jobs}
    with started(folder, config) as url:
        yield url


def ask(url: str, query: str, at: float | None = None) -> list[tuple[dict[str, str], float]]:
    """The labels and values that a query has, now or at a moment."""
    time = f"&time={at}" if at is not None else ""
    result = read(f"{url}/api/v1/query?query={quote(query)}{time}")["data"]["result"]
    return [(one["metric"], float(one["value"][1])) for one in result]
