"""alerts/drift/scores.py: what a real Prometheus makes of known counts, beside numpy and scipy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from alerts.drift.scores import MINIMUM_ROWS, ORDERED_BINS, PSI_FLOOR
from benchmarks import drift_model
from monitoring.catalogue import drift
from monitoring.reference import Feature
from monitoring.reference.feature import MOST_EDGES
from tests.alerts.drift.prometheus import WINDOWS, ask, replicas, running
from tests.servewatch.stack.stacks import wait_for

LEARNT = (0, 480, 520, 490, 510, 500, 500, 505, 495, 510, 490, 0, 20)
SIZE = Feature(
    "size", "input", LEARNT, edges=tuple(map(float, range(11))), middles=tuple(i - 0.5 for i in range(12)), spread=2.9
)
COLOUR = Feature("colour", "output", (3000, 1500, 500, 20, 0), values=("red", "08", "10"))
WIDE = Feature(
    "wide",
    "input",
    (*range(50, 91), 0),
    edges=tuple(map(float, range(40))),
    middles=tuple(map(float, range(41))),
    spread=12,
)
LIVE = {
    "size": (3, 40, 55, 0, 71, 90, 48, 33, 21, 60, 52, 9, 11),
    "colour": (120, 300, 33, 25, 2),
    "wide": (*range(10, 51), 4),
}
BY = '{{feature="{}",window="{}"}}'


@dataclass(frozen=True)
class Seen:
    """What a Prometheus answered at one moment."""

    url: str
    at: float

    def value(self, name: str, feature: str, window: str = WINDOWS.long) -> float:
        """The one value of a series."""
        ((_, value),) = ask(self.url, name + BY.format(feature, window), self.at)
        return value


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Prometheus after three replicas have counted as many rows as are known, and nothing before or after."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is missing; run: sudo apt-get install prometheus")
    with replicas([SIZE, COLOUR, WIDE]) as counted, running(tmp_path_factory.mktemp("drift"), counted) as url:
        # All of them are known since before the step in which they change began.
        series, (_, long_ago) = 3 * sum(len(feature.bins) for feature in (SIZE, COLOUR, WIDE)), WINDOWS.settled
        wait_for(lambda: ask(url, f"count({drift.OBSERVATIONS.name} offset {long_ago}) == {series}"), 60)
        for at, replica in enumerate(counted):
            for name, live in LIVE.items():
                replica.counts[name] = [7 + len(range(rows)[at::3]) for rows in live]
        rows = {name: f"drift:rows{BY.format(name, WINDOWS.long)}" for name in LIVE}
        whole = " and on () ".join(f"{rows[name]} == {sum(live)}" for name, live in LIVE.items())
        wait_for(lambda: ask(url, f"{whole} and on () drift:score"), 60)
        ((_, at),) = ask(url, f"timestamp({rows['size']})")
        yield Seen(url, at)


def live_and_reference(feature):
    """Counts of the test, and the shares that they are compared with."""
    return np.array(LIVE[feature.name], float), np.array(feature.ratios)


def ordered(feature):
    """Shares of the rows that are in order, live and in the reference."""
    live, learnt = live_and_reference(feature)
    return live[:-1] / live[:-1].sum(), learnt[:-1] / learnt[:-1].sum()


def test_counts_of_three_replicas_are_exact(seen):
    """Each bin's count over the window is the sum of what the replicas counted, to the row."""
    for feature in (SIZE, COLOUR, WIDE):
        counted = ask(seen.url, f"drift:bin_count{BY.format(feature.name, WINDOWS.long)}", seen.at)
        found = {labels["bin"]: value for labels, value in counted}
        assert [found[label] for label in feature.bins] == pytest.approx(LIVE[feature.name], abs=1e-9)


@pytest.mark.parametrize("feature", [SIZE, COLOUR], ids=lambda feature: feature.name)
def test_psi_is_numpys(seen, feature):
    """PSI is the sum over the bins, of live shares that are smoothed as the reference is, to 1e-4."""
    live, learnt = live_and_reference(feature)
    smoothed = drift_model.smooth(live, learnt)
    wanted = ((smoothed - learnt) * np.log(smoothed / learnt)).sum()
    assert seen.value("drift:psi", feature.name) == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("feature", [SIZE, COLOUR], ids=lambda feature: feature.name)
def test_jensen_shannon_is_scipys(seen, feature):
    """The divergence is the square of scipy's distance with base 2, to 1e-4."""
    live, learnt = live_and_reference(feature)
    wanted = jensenshannon(drift_model.smooth(live, learnt), learnt, base=2) ** 2
    assert seen.value("drift:jensen_shannon", feature.name) == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("feature", [SIZE, COLOUR], ids=lambda feature: feature.name)
def test_total_variation_is_half_the_sum_of_differences(seen, feature):
    """Total variation is what numpy makes of the plain shares, to 1e-4."""
    live, learnt = live_and_reference(feature)
    wanted = np.abs(live / live.sum() - learnt).sum() / 2
    assert seen.value("drift:total_variation", feature.name) == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("feature", [SIZE, WIDE], ids=lambda feature: feature.name)
def test_ks_and_wasserstein_are_along_the_order(seen, feature):
    """KS is the largest gap of the cumulated shares, and Wasserstein scipy's between the bins' middles, to 1e-4."""
    live, learnt = ordered(feature)
    assert seen.value("drift:ks", feature.name) == pytest.approx(np.abs(np.cumsum(live - learnt)).max(), abs=1e-4)
    middles = np.array(feature.middles) / feature.spread
    wanted = stats.wasserstein_distance(middles, middles, live, learnt)
    assert seen.value("drift:wasserstein", feature.name) == pytest.approx(wanted, abs=1e-4)


def test_categories_have_no_order_even_where_they_are_numbers(seen):
    """A feature whose values are called 08 and 10 gets no KS, no Wasserstein and no rank."""
    for name in ("drift:ks", "drift:wasserstein", "drift:rank_z", "drift:ordered_rows"):
        assert ask(seen.url, f'{name}{{feature="colour"}}', seen.at) == []


@pytest.mark.parametrize("feature", [SIZE, COLOUR], ids=lambda feature: feature.name)
def test_g_is_scipys(seen, feature):
    """G is scipy's likelihood ratio of the table of effective live rows and the reference's, to 1e-4 of its size."""
    live, learnt = live_and_reference(feature)
    effect = ask(seen.url, f'drift:design_effect{{feature="{feature.name}"}}', seen.at)[0][1]
    table = np.array([live / effect, learnt * feature.rows])
    wanted = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert seen.value("drift:g", feature.name) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("feature", [SIZE, COLOUR], ids=lambda feature: feature.name)
def test_the_model_of_the_benchmark_is_the_rules(seen, feature):
    """benchmarks/drift_model.py, from which the table of false alarms is made, has the rules' own scores."""
    live, reference = np.array(LIVE[feature.name], float), np.array(feature.counts, float)
    effect = ask(seen.url, f'drift:design_effect{{feature="{feature.name}"}}', seen.at)[0][1]
    assert seen.value("drift:z", feature.name) == pytest.approx(drift_model.z(live, reference, effect=effect), abs=1e-4)
    if feature.ordered:
        wanted = drift_model.rank_z(live, reference, effect=effect)
        assert seen.value("drift:rank_z", feature.name) == pytest.approx(wanted, abs=1e-4)
        assert seen.value("drift:score", feature.name) == pytest.approx(
            drift_model.score(live, reference, effect=effect), abs=1e-4
        )


def test_the_limit_is_the_normal_quantile_for_what_is_watched(seen):
    """The limit is computed from three watched features as the normal distribution's own quantile says, to 1e-3."""
    for window in WINDOWS.windows:
        ((_, critical),) = ask(seen.url, f'drift:z_critical{{window="{window}"}}', seen.at)
        assert critical == pytest.approx(drift_model.critical(3, window, WINDOWS), abs=1e-3)


def test_a_score_is_the_quantile_of_a_chi_square_that_includes_the_floor():
    """Wilson and Hilferty's z is never surer than scipy's exact one, and at most an eighth less sure."""
    reference = np.array(LEARNT, float)
    for strength in (0.1, 0.15, 0.2, 0.25):
        live = 1000 * ((1 - strength) * drift_model.shares(reference) + strength / len(LEARNT))
        floor = PSI_FLOOR * 1000 * reference.sum() / (1000 + reference.sum())
        tail = stats.ncx2.sf(drift_model.likelihood_ratio(live, reference), len(LEARNT) - 1, floor)
        assert 7 / 8 * stats.norm.isf(tail) < drift_model.z(live, reference) <= stats.norm.isf(tail)


def test_few_rows_have_no_score(seen):
    """A window with fewer rows than any test can be right on has distances, and no score."""
    few = ask(seen.url, f"drift:score unless on (feature, role, window) (drift:rows >= {MINIMUM_ROWS})", seen.at)
    assert few == []
    assert drift_model.score(np.array([40.0, 40.0, 19.0]), np.array([300.0, 300.0, 0.0])) == -np.inf


def test_every_ordered_bin_that_a_feature_can_have_is_added_up():
    """There is a rule for each bin of the longest feature."""
    assert ORDERED_BINS == MOST_EDGES + 1
