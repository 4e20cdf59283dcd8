"""The configuration of Prometheus and Alertmanager in native mode, as text and as files in the stack's folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from alerts import alertmanager as notifying
from alerts import retired
from alerts.rules import DASHBOARDS
from alerts.stack import REFERENCE_JOB, SAMPLE_LIMIT
from servewatch import windows
from servewatch.stack.ports import HOST, Ports

INTERVAL = "5s"
"""Short, so that a demonstration does not keep anybody waiting."""

OWN_RULES = "own/rules/*.yml"
"""The alerts that a service declares of its own metrics; no such file is as well."""

REFERENCE_INTERVAL = "15s"
"""What drift is compared with does not change; elsewhere once a minute will do."""

HEADER = "# Written by `servewatch up` at every start: edits here are lost.\n"


def prometheus(
    ports: Ports, service_name: str, rules: str = "rules/*.yml", dashboards: str = "", owner: str = ""
) -> dict[str, Any]:
    """Prometheus's configuration: what it scrapes, which rules it evaluates, whom it tells, where dashboards are."""
    pace = {"scrape_interval": INTERVAL, "scrape_timeout": "4s", "evaluation_interval": INTERVAL}
    return {
        "global": {**pace, "external_labels": {DASHBOARDS: dashboards or ports.url("console")}},
        "rule_files": [rules],
        "alerting": {
            # The texts of alerts read it; as a label of each alert it would only be noise.
            "alert_relabel_configs": [{"action": "labeldrop", "regex": DASHBOARDS}, *_owned(service_name, owner)],
            "alertmanagers": [{"static_configs": [_targets(ports.alertmanager)]}],
        },
        "scrape_configs": [
            {
                "job_name": "serving",
                "honor_labels": True,
                "sample_limit": SAMPLE_LIMIT,
                "static_configs": [{**_targets(ports.metrics), "labels": {"service": service_name}}],
            },
            {
                "job_name": REFERENCE_JOB,
                "honor_labels": True,
                "metrics_path": "/metrics/reference",
                "scrape_interval": REFERENCE_INTERVAL,
                "static_configs": [_targets(ports.metrics)],
            },
            {"job_name": "prometheus", "static_configs": [_targets(ports.prometheus)]},
            {"job_name": "alertmanager", "static_configs": [_targets(ports.alertmanager)]},
        ],
    }


def prometheus_argv(program: str, folder: Path, ports: Ports) -> tuple[str, ...]:
    """How Prometheus is started, with flags that 2.42 and 3.x both know."""
    return (
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data' / 'prometheus'}",
        "--storage.tsdb.retention.time=15d",
        "--storage.tsdb.retention.size=2GB",
        f"--web.listen-address={HOST}:{ports.prometheus}",
        f"--web.external-url={ports.url('prometheus')}",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    )


def alertmanager_argv(program: str, folder: Path, ports: Ports) -> tuple[str, ...]:
    """How Alertmanager is started: alone, so without its cluster port."""
    return (
        program,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data' / 'alertmanager'}",
        f"--web.listen-address={HOST}:{ports.alertmanager}",
        f"--web.external-url={ports.url('alertmanager')}",
        "--cluster.listen-address=",
        # A silence outlives a killed Alertmanager from the first minute on, not from the fifteenth.
        "--data.maintenance-interval=1m",
        "--log.level=warn",
    )


def write(
    folder: Path,
    ports: Ports,
    service_name: str,
    alertmanager: str,
    own: Path | None = None,
    owner: str = "",
    demo: bool = False,
    gone: Collection[str] = (),
) -> None:
    """Write every configuration file; data of earlier runs stays, and the services of `gone` are not missed.

    A rule file that `own` has is taken from there.
    """
    for name in ("prometheus", "alertmanager"):
        (folder / "data" / name).mkdir(parents=True, exist_ok=True)
    found = prometheus(ports, service_name, owner=owner)
    found["rule_files"].append(OWN_RULES)
    (folder / "prometheus.yml").write_text(HEADER + yaml.safe_dump(found, sort_keys=False))
    (folder / "alertmanager.yml").write_text(alertmanager)
    _replace(folder / "templates", notifying.templates())
    rules = dict(rule_files(demo))
    declared = {name: (own / name).read_text() for name in rules if own and (own / name).is_file()}
    left = {retired.RULES: retired.rules(gone)} if gone else {}
    _replace(folder / "rules", rules | declared | left)


def rule_files(demo: bool = False) -> Sequence[tuple[str, str]]:
    """The generated rule files of the alerts package, by name; those of drift and quality as the settings say."""
    folder = files("alerts") / "generated"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".rules.yml")] if folder.is_dir() else []
    texts = {entry.name: entry.read_text() for entry in found}
    return sorted({**texts, **windows.rule_files(windows.chosen(demo=demo))}.items())


def _replace(folder: Path, wanted: Mapping[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in wanted.items():
        (folder / name).write_text(text)


def _owned(service_name: str, owner: str) -> list[dict[str, Any]]:
    """What tells Alertmanager whose service an alert is of: no metric has to carry it."""
    if not owner:
        return []
    whose = {"source_labels": ["service"], "regex": re.escape(service_name)}
    return [{**whose, "target_label": "owner", "replacement": owner}]


def _targets(port: int) -> dict[str, Any]:
    return {"targets": [f"{HOST}:{port}"]}
