"""Evidently's scores beside ours, and its report of rows that a service logged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitoring.reference import Feature, counted, extractor, learn
from monitoring.sampling import Sampler
from servewatch.evidently import ReportFailed, live, of_data, of_reference, write
from serving.rows import folder
from serving.settings import Settings
from serving.store.model import ModelInfo

pd = pytest.importorskip("pandas")
evidently = pytest.importorskip("evidently", reason="pip install 'servewatch[drift]'")

RANDOM = np.random.default_rng(12)
INFO = ModelInfo("m", "1", "pytorch", "")


def table(rows: int, shift: float = 0.0) -> dict[str, Any]:
    """Three columns of which the first can be moved."""
    return {
        "x": RANDOM.normal(shift, 1, rows),
        "y": RANDOM.lognormal(0, 1, rows),
        "kind": RANDOM.choice(["a", "b"], rows),
    }


REFERENCE = learn(table(5000))


def shares(feature: Feature) -> np.ndarray:
    """Of each bin."""
    return np.array(feature.counts) / feature.rows


def bins(feature: Feature) -> np.ndarray:
    """A row for each that was counted, with the name of its bin."""
    return np.repeat(np.array(feature.bins), feature.counts)


def theirs(reference: Feature, current: Feature, method: str) -> float:
    """Evidently's score of the same bins, as categories."""
    definition = evidently.DataDefinition(categorical_columns=["bin"])
    both = [
        evidently.Dataset.from_pandas(pd.DataFrame({"bin": bins(feature)}), definition)
        for feature in (current, reference)
    ]
    from evidently.metrics import ValueDrift

    run = evidently.Report([ValueDrift(column="bin", method=method)]).run(*both)
    return float(run.dict()["metrics"][0]["value"])


def ours(reference: Feature, current: Feature) -> tuple[float, float]:
    """PSI and Jensen-Shannon (in bits) as the recording rules have them."""
    p, n = np.array(reference.ratios), current.rows
    d = (shares(current) - p) * n / (n + len(p) / 2)
    q = p + d
    js = np.sum(q * np.log2(2 * q / (p + q))) + np.sum(p * np.log2(2 * p / (p + q)))
    return float(np.sum(d * np.log1p(d / p))), float(js / 2)


def filled(reference: Feature, current: Feature) -> tuple[Feature, Feature]:
    """Both without the bins that are empty in the reference: there Evidently puts in a number of its own."""
    kept = np.array(reference.counts) > 0
    names = tuple(np.array([f"bin {name}" for name in reference.bins])[kept].tolist())
    counts = (tuple(np.array(feature.counts)[kept].tolist()) for feature in (reference, current))
    first, second = (Feature("bin", "input", (*each, 0, 0), values=names) for each in counts)
    return first, second


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_psi_and_js_are_evidentlys_on_the_same_bins(shift: float) -> None:
    """Of numbers and of a category, without drift, with some and with much."""
    current = counted(REFERENCE, table(3000, shift))
    for pair in zip(REFERENCE.features, current.features, strict=True):
        old, new = filled(*pair)
        psi, js = ours(old, new)
        assert psi == pytest.approx(theirs(old, new, "psi"), abs=0.002, rel=0.01)
        assert js * np.log(2) == pytest.approx(theirs(old, new, "jensenshannon") ** 2, abs=0.001)


def logged(home: Path, rows: dict[str, Any]) -> Settings:
    """Settings of a home in which a service logged these rows."""
    settings = Settings(home=home)
    extract = extractor(REFERENCE)
    Sampler(folder(settings, INFO), extract, rows=8000, every=0).take(extract(rows))
    return settings


@pytest.mark.filterwarnings("ignore")
def test_the_report_shows_logged_rows_beside_the_references_data(tmp_path: Path) -> None:
    """One HTML file that loads nothing from elsewhere and names the features."""
    extract = extractor(REFERENCE)
    current = live(logged(tmp_path, table(500, 1.0)), INFO, extract)
    frame = pd.DataFrame(table(700))
    frame.to_parquet(tmp_path / "data.parquet")
    reference = of_data(extract, tmp_path / "data.parquet", None, None, None)
    assert (len(current), len(reference)) == (500, 700)
    assert reference["x"].to_numpy() == pytest.approx(frame["x"].to_numpy(), rel=1e-6)
    write(current, reference, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert 'src="http' not in text
    assert all(name in text for name in ("kind", "residual"))


def test_rows_drawn_from_the_bins_fill_them_as_the_reference_does() -> None:
    """Without its data, each feature's distribution is the reference's."""
    drawn = of_reference(extractor(REFERENCE))
    assert len(drawn) == 5000
    again = counted(REFERENCE, drawn[["x", "y", "kind"]])
    for feature in again.features[:2]:
        wanted = next(f for f in REFERENCE.features if f.name == feature.name)
        assert shares(feature) == pytest.approx(shares(wanted), abs=0.002)
    assert drawn["kind"].value_counts().to_dict() == dict(
        zip(*np.unique(bins(_kind()), return_counts=True), strict=True)
    )


def _kind() -> Feature:
    return next(f for f in REFERENCE.features if f.name == "kind")


def test_without_logged_rows_the_error_says_how_to_log(tmp_path: Path) -> None:
    """It names the model, the reference and the folder."""
    with pytest.raises(ReportFailed, match="no row of m:1 with its reference") as caught:
        live(Settings(home=tmp_path), INFO, extractor(REFERENCE))
    assert "SERVEWATCH_LOG_ROWS" in caught.value.help
