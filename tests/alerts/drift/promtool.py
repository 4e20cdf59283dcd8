"""Rules of drift in short windows, run by promtool on series that a test makes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from alerts.drift import rules
from alerts.rules import rules_file
from alerts.windows import Windows
from monitoring.catalogue import drift
from monitoring.reference import Feature
from servewatch.stack import promtool

WINDOWS = Windows(step="1m", windows=("5m", "1h"), scrape="15s")
_MODEL = 'service="s",version="1",model="m",model_version="1",reference="r"'


def _one(metric: str, feature: Feature, values: str, **more: str) -> dict[str, str]:
    labels = {"feature": feature.name, "role": feature.role} | more
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return {"series": f"{metric}{{{_MODEL},{inside}}}", "values": values}


def reference(feature: Feature, scrapes: int) -> list[dict[str, str]]:
    """What is exposed of a feature's reference."""
    shown = [
        _one(metric.name, feature, f"{value!r}x{scrapes}", bin=label)
        for metric, values in ((drift.REFERENCE_RATIO, feature.ratios), (drift.REFERENCE_SCORE, feature.scores))
        for label, value in zip(feature.bins, values, strict=False)
    ]
    return [*shown, _one(drift.REFERENCE_ROWS.name, feature, f"{feature.rows}x{scrapes}")]


def counter(feature: Feature, label: str, values: Iterable[float | str | None], replica: str = "a") -> dict[str, str]:
    """What a replica exposed of one bin at each scrape; None where it was not there, "stale" where it failed."""
    written = " ".join("_" if value is None else value if isinstance(value, str) else f"{value:g}" for value in values)
    return _one(drift.OBSERVATIONS.name, feature, written, bin=label, instance=replica)


def holds(folder: Path, series: list[dict[str, str]], at: str, *conditions: str) -> promtool.Answer:
    """Ask whether each of these comparisons, written with bool, gives 1 and nothing else."""
    recordings, alerts = rules(WINDOWS)
    (folder / "drift.rules.yml").write_text(rules_file("drift", recordings, alerts))
    cases = [
        {"expr": f"min({condition})", "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]}
        for condition in conditions
    ]
    test = {"interval": WINDOWS.scrape, "input_series": series, "promql_expr_test": cases}
    whole = {"rule_files": ["drift.rules.yml"], "evaluation_interval": WINDOWS.step, "tests": [test]}
    (folder / "drift.test.yml").write_text(yaml.safe_dump(whole, width=100_000))
    return promtool.run_tests(folder / "drift.test.yml")
