from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from monitoring.catalogue import drift, quality
from servewatch.stack import config
from servewatch.stack.ports import Ports
from servewatch.traffic.drift import CHANGES
from serving.service import definition

GUIDE = (Path(__file__).parents[3] / "monitoring" / "DRIFT.md").read_text()


def blocks(language: str) -> list[str]:
    """The guide's examples in a language."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the guide's code defines; it ran in an empty folder."""
    monkeypatch.chdir(tmp_path)
    known = set(REGISTRY._collector_to_names)
    found: dict[str, Any] = {"__name__": "guide"}
    watchers = []
    for code in blocks("python"):
        exec(compile(code, "DRIFT.md", "exec", dont_inherit=True), found)
        watchers.append(found.get("watcher"))
    found["watchers"] = [watcher for watcher in watchers if watcher is not None]
    yield found
    for watcher in found["watchers"]:
        watcher.close()
    for collector in set(REGISTRY._collector_to_names) - known:
        REGISTRY.unregister(collector)


def test_the_guides_code_runs(names: dict[str, Any], tmp_path: Path) -> None:
    """The service is watched, the rows of the other one are counted, and the folder is there."""
    assert [runner.watch for runner in definition(names["Loans"]).runners] == ["loans"]
    assert names["watchers"][0].flush()
    labels = {"service": "loans", "version": "1.0.0", "model": "loans", "model_version": "7", "role": "input"}
    labels |= {"reference": names["watchers"][0].reference.hash, "feature": "city"}
    counted = {
        label: REGISTRY.get_sample_value(drift.OBSERVATIONS.name, {**labels, "bin": label})
        for label in ("Rome", "Oslo", "other", "missing")
    }
    assert counted == {"Rome": 0, "Oslo": 1, "other": 1, "missing": 0}
    assert len(list((tmp_path / "drift-counts").glob("*.counts"))) == 1


def test_the_guide_names_every_metric_and_every_kind_of_drift() -> None:
    """Nothing that is exposed or can be tried is left out."""
    for metric in (*drift.ALL, quality.CONFIDENCE_ACCURACY):
        assert metric.name.removeprefix("servewatch_feature_reference") in GUIDE
    assert all(kind in GUIDE for kind in CHANGES)


def test_the_guides_scrape_is_that_of_the_stack() -> None:
    """The same job, but for pace and address."""
    (told,) = yaml.safe_load(blocks("yaml")[0])["scrape_configs"]
    (job,) = [j for j in config.prometheus(Ports(), "s")["scrape_configs"] if j["job_name"] == told["job_name"]]
    assert {**job, "scrape_interval": "60s", "static_configs": told["static_configs"]} == told
