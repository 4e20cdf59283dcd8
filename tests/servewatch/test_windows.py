"""servewatch/windows.py: rules of drift and quality follow the settings."""

from __future__ import annotations

import pytest

import alerts
from servewatch.stack import config, promtool
from servewatch.windows import chosen, rule_files
from serving.errors import SettingInvalid
from serving.settings import Settings


def test_without_settings_the_rules_are_the_generated_ones():
    """The usual windows make the very files that are committed."""
    generated = {name: alerts.rules_file(name, alerts.RECORDINGS, alerts.ALERTS) for name in ("drift", "quality")}
    assert rule_files(chosen(Settings())) == {f"{name}.rules.yml": text for name, text in generated.items()}


def test_windows_step_and_false_alarms_are_those_of_the_environment(tmp_path):
    """Short windows make rules that Prometheus takes; what is accepted of false alarms sets the limit of scores."""
    names = ("STEP=10s", "WINDOWS=1m 12m", "SCRAPE=2s", "FALSE_PAGES=0.1")
    environ = dict(f"SERVEWATCH_DRIFT_{name}".split("=") for name in names)
    made = rule_files(chosen(Settings.load(environ)))
    for name, text in made.items():
        (tmp_path / name).write_text(text)
        assert "interval: 10s" in text
    assert "/ 0.1, 2))" in made["drift.rules.yml"]
    assert "window: 12m" in made["drift.rules.yml"]
    if promtool.find():
        answer = promtool.check_rules(sorted(tmp_path.iterdir()))
        assert answer.fine, answer.text


def test_windows_that_cannot_be_are_refused_with_what_can():
    """A window that is no whole number of steps is named with its variable, and with what would do."""
    with pytest.raises(SettingInvalid, match=r"SERVEWATCH_DRIFT_WINDOWS is '7m 1d, step 5m, scrape 5s'.*like '1h 1d'"):
        chosen(Settings(drift_windows="7m 1d"))


def test_a_stack_runs_the_rules_of_its_environment(monkeypatch, tmp_path):
    """What `servewatch up` hands to Prometheus has the windows that the environment asks for."""
    monkeypatch.setenv("SERVEWATCH_DRIFT_WINDOWS", "30m 2h")
    found = dict(config.rule_files())
    assert "window: 2h" in found["drift.rules.yml"]
    assert found.keys() >= {f"{topic}.rules.yml" for topic in alerts.TOPICS}


def test_the_demo_is_scored_often_unless_somebody_chose(tmp_path):
    """Drift that the demo brings about shows in minutes; windows that the environment names are kept."""
    assert chosen(Settings(), demo=True).windows == ("10m", "1h", "1d")
    assert chosen(Settings(), demo=True).step == "1m"
    assert chosen(Settings(drift_windows="2h 2d"), demo=True).windows == ("2h", "2d")
    files = rule_files(chosen(Settings(), demo=True))
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    if promtool.find():
        answer = promtool.check_rules(sorted(tmp_path.iterdir()))
        assert answer.fine, answer.text
