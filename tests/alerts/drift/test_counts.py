"""alerts/drift/counts.py: rows are counted over replicas that come and go, and bursts are measured."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.reference import Feature
from servewatch.stack import promtool
from tests.alerts.drift.promtool import counter, holds, reference

SIZE = Feature("size", "input", (0, *[500] * 6, 0, 0), edges=tuple(map(float, range(7))))
SCRAPES = 4 * 90

pytestmark = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)


def counted(steps, rows_a_scrape, bursts, seed=5):
    """Counters of every bin over scrapes in which rows come in bursts of alike ones."""
    rng = np.random.default_rng(seed)
    share = np.array(SIZE.ratios) / sum(SIZE.ratios)
    grown = rng.multinomial(rows_a_scrape // bursts, share, size=steps).cumsum(0) * bursts
    return [counter(SIZE, label, grown[:, at]) for at, label in enumerate(SIZE.bins)]


@pytest.mark.parametrize(("bursts", "least", "most"), [(1, 1, 1.3), (5, 4, 6)])
def test_bursts_of_alike_rows_count_as_one_each(bursts, least, most, tmp_path):
    """Where each row comes five times the design effect is about 5, and the rows are worth a fifth; else about 1."""
    series = reference(SIZE, SCRAPES) + counted(SCRAPES, 50, bursts)
    between = f"(drift:design_effect >= bool {least}) * (drift:design_effect <= bool {most})"
    worth = 'abs(drift:effective_rows{window="1h"} - ignoring (window) 12000 / drift:design_effect) < bool 0.001'
    answer = holds(tmp_path, series, "85m", between, worth)
    assert answer.fine, answer.text


def test_without_drift_bursts_alone_raise_no_score(tmp_path):
    """Rows in fives of the reference's own shares have a score below 0, which plain counting would not give them."""
    series = reference(SIZE, SCRAPES) + counted(SCRAPES, 50, 5)
    answer = holds(tmp_path, series, "85m", "drift:score < bool 0")
    assert answer.fine, answer.text


def test_a_jump_of_the_shares_is_no_burst(tmp_path):
    """Half an hour after half of all rows left the range, a row is worth a third of one at least, and it is seen."""
    series = reference(SIZE, SCRAPES)
    before, after = np.arange(SCRAPES // 2), np.full(SCRAPES - SCRAPES // 2, SCRAPES // 2)
    steady = np.concatenate([before, after])
    series += [counter(SIZE, label, 8 * steady) for label in SIZE.bins[1:-2]]
    series.append(counter(SIZE, SIZE.bins[-2], np.concatenate([0 * before, 48 * np.arange(SCRAPES - SCRAPES // 2)])))
    series += [counter(SIZE, label, 0 * steady) for label in ("00", "missing")]
    answer = holds(tmp_path, series, "75m", "drift:design_effect < bool 3", 'drift:score{window="5m"} > bool 20')
    assert answer.fine, answer.text


def test_replicas_that_come_restart_and_go_lose_a_scrape_at_most(tmp_path):
    """Of 3600 rows of four replicas, at most those of one scrape of each that came, restarted or went are lost."""
    at = np.arange(SCRAPES)
    born = [None if n < 100 else 5 * (n - 100) for n in at]
    gone = [5 * n if n < 160 else None for n in at]
    again = [5 * n if n < 200 else 5 * (n - 200) for n in at]
    replicas = {"steady": list(5 * at), "born": born, "gone": gone, "again": again}
    series = reference(SIZE, SCRAPES)
    for replica, values in replicas.items():
        series += [counter(SIZE, label, values if label == "03" else 0 * at, replica) for label in SIZE.bins]
    # The hour before 85m, in scrapes 100 to 340.
    true = 5 * (240 + 240 + 59 + 240)
    rows = 'drift:rows{window="1h"}'
    answer = holds(tmp_path, series, "85m", f"{rows} >= bool {true - 3 * 5 - 1}", f"{rows} <= bool {true + 1}")
    assert answer.fine, answer.text


def test_scrapes_that_fail_lose_no_row(tmp_path):
    """Where one scrape fails wherever a step ends, or seven of eight do, the hour has every row, and none twice."""
    at = np.arange(SCRAPES)
    # A step of four scrapes ends one scrape ago: at those whose number leaves 3.
    one = ["stale" if n % 4 == 3 else 5 * n for n in at]
    most = [5 * n if n % 8 == 1 else "stale" for n in at]
    series = reference(SIZE, SCRAPES)
    for replica, values in {"steady": list(5 * at), "one": one, "most": most}.items():
        series += [counter(SIZE, label, values if label == "03" else 0 * at, replica) for label in SIZE.bins]
    # What the last steps of the hour hand on is as much as those before it handed to it.
    answer = holds(tmp_path, series, "85m", f'drift:rows{{window="1h"}} == bool {3 * 5 * 240}')
    assert answer.fine, answer.text


def test_bins_that_no_replica_shows_count_as_nothing(tmp_path):
    """With half of the counters there the scores are of all bins: none drops out of the sum."""
    at = 8 * np.arange(SCRAPES)
    series = reference(SIZE, SCRAPES) + [counter(SIZE, label, at) for label in SIZE.bins[1:4]]
    half = 'abs(drift:total_variation{window="1h"} - 0.5) < bool 0.01'
    answer = holds(tmp_path, series, "85m", half, "drift:degrees == bool 8")
    assert answer.fine, answer.text
