"""Drift and accuracy of three replicas on real pictures, by the rules that are generated, in a real Prometheus."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from servewatch import labels
from servewatch.traffic.drift import CHANGES
from tests.alerts.drift.prometheus import ask
from tests.e2e.fleet import DAY, HOUR, Fleet, generated, one, serving, watched
from tests.servewatch.console.serving import read
from tests.servewatch.stack.stacks import wait_for

DAYS = 2
ROWS = 500
"""As many rows of drifted traffic have to be enough."""

FEATURES = 7
SEEN_BEST = {
    "blur": ("DataDrift", "sharpness"),
    "noise": ("DataDrift", "sharpness"),
    "rotate": ("DataDrift", "residual"),
    "brightness": ("DataDrift", "brightness"),
    "prior": ("PredictionDrift", "predicted_class"),
}

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus: apt-get install prometheus"),
]


@dataclass
class Trial:
    """What all tests of this file share: the replicas and the rules."""

    fleet: Fleet
    rules: list[Path]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    rules = generated(tmp_path_factory.mktemp("generated"))
    with serving(tmp_path_factory.mktemp("home")) as fleet:
        yield Trial(fleet, rules)


@pytest.fixture(scope="module")
def quiet(trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that saw simulated days of the digits' test split, and nothing else."""
    with watched(tmp_path_factory.mktemp("quiet") / "prometheus", trial.rules, trial.fleet) as url:
        seen = f'drift:rows{{window="{DAY}",feature="confidence"}} offset {int(DAY[:-1]) * DAYS}s > 0'
        trial.fleet.play(24, lambda: ask(url, seen), 150)
        yield url


def firing(url: str) -> list[Any]:
    """The alerts that fire now, the surest first."""
    found = [alert for alert in read(f"{url}/api/v1/alerts")["data"]["alerts"] if alert["state"] == "firing"]
    return sorted(found, key=lambda alert: -float(alert["value"]))


def test_days_without_drift_raise_no_alert(quiet: str) -> None:
    """In simulated days of test pictures over three replicas, each feature is scored and no alert fires."""
    scored = ask(quiet, f'drift:score{{window="{DAY}"}}')
    assert len({labels["feature"] for labels, _ in scored}) == FEATURES
    assert min(value for _, value in ask(quiet, f'drift:rows{{window="{DAY}"}}')) > 500
    assert one(quiet, f'drift:z_critical{{window="{DAY}"}}') < 5
    assert ask(quiet, 'count by (alertname) (last_over_time(ALERTS{alertstate="firing"}[10m]))') == []


def test_the_estimated_accuracy_is_true(quiet: str, trial: Trial) -> None:
    """Without drift, the accuracy that confidence lets expect is within 0.02 of what labels would have said."""
    truth = trial.fleet.right / trial.fleet.rows
    assert one(quiet, f'quality:accuracy_estimated{{window="{DAY}"}}') == pytest.approx(truth, abs=0.02)
    assert one(quiet, f'quality:drifted_inputs{{window="{DAY}"}}') == 0


def test_labels_count_at_a_replica_that_did_not_predict(quiet: str, trial: Trial) -> None:
    """Labels of two replicas' answers, sent to the third, are counted, and are the accuracy that Prometheus tells."""
    fleet, items, right = trial.fleet, [], 0
    *others, receiver = fleet.replicas
    for replica in others:
        text, told = replica.predict(fleet.pictures)
        items.append((0, {"id": text, "label": fleet.labels.tolist()}))
        right += int((told == fleet.labels).sum())
    sent = labels.send(receiver.url, items, lambda seconds: None)
    assert (sent.counted, sent.correct, sent.rejected.total()) == (2 * len(fleet.labels), right, 0)
    recorded = f'quality:accuracy_labelled{{window="{DAY}"}} and quality:labels > {0.9 * sent.counted}'
    ((_, labelled),) = fleet.play(10, lambda: ask(quiet, recorded), 20)
    assert labelled == pytest.approx(right / sent.counted, abs=0.02)
    by_replica = ask(quiet, "sum by (instance) (servewatch_feedback_labelled_total) > 0")
    assert by_replica == [({"instance": f"127.0.0.1:{receiver.metrics}"}, sent.counted)]


@pytest.mark.parametrize("kind", SEEN_BEST)
def test_drift_is_told_within_the_promised_rows(kind: str, trial: Trial, tmp_path: Path) -> None:
    """After 500 rows of it, spread over the replicas, the right alert fires, most surely for the right feature."""
    name, feature = SEEN_BEST[kind]
    fleet = trial.fleet
    with watched(tmp_path / "prometheus", trial.rules, fleet) as url:
        known = f'drift:rows{{window="{DAY}",feature="confidence"}} offset {HOUR} > 0'
        fleet.play(4, lambda: ask(url, known), 40)
        for pictures in fleet.drawn(ROWS, CHANGES[kind].change(fleet.pictures, fleet.labels)):
            next(fleet.turns).predict(pictures)
        alerts = wait_for(lambda: [found for found in firing(url) if found["labels"]["alertname"] == name], 20)
    assert alerts[0]["labels"]["feature"] == feature
    told = alerts[0]["annotations"]
    assert told["summary"].startswith(f"fashion: {feature} of fashion_mnist drifted, with a score of ")
    assert "Moved most, in percent of them: " in told["description"]
