"""What promtool finds in an incident: the second at which each alert fires first."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import yaml

import alerts
from alerts.promql import select
from alerts.rules import groups, to_yaml
from alerts.stack import WATCHDOG
from monitoring.catalogue import stack
from servewatch.replay.incident import Incident
from servewatch.stack import promtool
from servewatch.stack.errors import StackError

PATIENCE = 1800.0
"""Seconds that promtool may take: a week is 2000 evaluations of every rule."""

_GOT = re.compile(r"got: *(.*)")
_FIRED = re.compile(r'\{alertname="(\w+)"\} ([0-9.eE+-]+)')


def first_fired(incident: Incident) -> dict[str, float]:
    """When each alert that fires in an incident does so first, in seconds from its begin.

    The query asks for it at the end, and nothing is expected: promtool answers with what it got instead.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = promtool.run_tests(_write(Path(folder), incident), PATIENCE)
    got = _GOT.search(answer.text)
    if answer.fine or got is None:
        raise StackError(
            f"promtool says nothing of the incident {incident.name!r}: {answer.text or 'no alert fires'}",
            "the watchdog fires in every incident: its rule is not among those that were read",
        )
    return {name: float(value) - incident.begin for name, value in _FIRED.findall(got[1])}


def _write(folder: Path, incident: Incident) -> Path:
    for topic in incident.topics:
        (folder / f"{topic}.rules.yml").write_text(alerts.rules_file(topic, alerts.RECORDINGS, alerts.ALERTS))
    if WATCHDOG.topic not in incident.topics:
        (folder / "watchdog.rules.yml").write_text(to_yaml(groups(WATCHDOG.topic, (), (WATCHDOG,))))
    file = folder / "incident.test.yml"
    file.write_text(yaml.dump(_document(folder, incident), Dumper=yaml.CSafeDumper, width=10_000_000))
    return file


def _document(folder: Path, incident: Incident) -> dict[str, Any]:
    length, step = f"{incident.length:.0f}s", f"{incident.step:.0f}s"
    fired = select(stack.ALERTS, alertstate="firing")
    first = f"min by (alertname) (min_over_time(timestamp({fired})[{length}:{step}]))"
    test = {
        "interval": f"{incident.sampled:.0f}s",
        "input_series": incident.series(),
        "promql_expr_test": [{"expr": first, "eval_time": length, "exp_samples": []}],
    }
    files = sorted(str(path) for path in folder.glob("*.rules.yml"))
    return {"rule_files": files, "evaluation_interval": step, "tests": [test]}
