"""The configuration that native mode writes is one that the real programs take."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from alerts import ALERTS, alertmanager, retired
from alerts.stack import SAMPLE_LIMIT
from servewatch.stack import composed, config, health, prepare, promtool, state, tools
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options
from servewatch.stack.ports import Ports
from tests.servewatch.stack.stacks import free_port, wait_for

INSTALL = "apt-get install prometheus prometheus-alertmanager"


def program(tool: tools.Tool) -> str:
    found = tools.find(tool)
    if found is None:
        pytest.skip(f"{tool.name} is not on PATH: {INSTALL}")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config.write(tmp_path, Ports(), "fashion", alertmanager.config(receiver="http://127.0.0.1:9095/alerts"))
    return tmp_path


@pytest.mark.skipif(not shutil.which("promtool"), reason=f"promtool is not on PATH: {INSTALL}")
def test_promtool_takes_the_configuration(folder: Path) -> None:
    """promtool finds no fault in prometheus.yml and reads every rule of the alerts package through it."""
    answer = subprocess.run(
        ["promtool", "check", "config", str(folder / "prometheus.yml")], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.count("rules found") == len(config.rule_files())


@pytest.mark.skipif(not shutil.which("amtool"), reason=f"amtool is not on PATH: {INSTALL}")
def test_amtool_takes_the_configuration(folder: Path) -> None:
    """amtool finds no fault in alertmanager.yml."""
    answer = subprocess.run(["amtool", "check-config", str(folder / "alertmanager.yml")], capture_output=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_alert_is_in_the_rules(folder: Path) -> None:
    """Each alert that is declared is in the rule files that Prometheus gets."""
    text = "".join(path.read_text() for path in (folder / "rules").iterdir())
    assert [alert.name for alert in ALERTS if f"alert: {alert.name}\n" not in text] == []


def test_alerts_are_told_where_the_dashboards_are() -> None:
    """Their links lead to the console on its port, in containers to what the variable names; no alert carries it."""
    for made, where in (
        (config.prometheus(Ports(console=4002), "fashion"), "http://127.0.0.1:4002"),
        (yaml.safe_load(composed.prometheus_yml()), "${SERVEWATCH_DASHBOARDS}"),
    ):
        assert made["global"]["external_labels"] == {"dashboards": where}
        assert made["alerting"]["alert_relabel_configs"] == [{"action": "labeldrop", "regex": "dashboards"}]
        assert made["alerting"]["alertmanagers"]


def test_service_is_a_label_of_the_target() -> None:
    """The serving target carries the service's name, so that `up` knows whose replica is gone."""
    jobs = {job["job_name"]: job for job in config.prometheus(Ports(metrics=9999), "fashion")["scrape_configs"]}
    assert jobs["serving"]["static_configs"] == [{"targets": ["127.0.0.1:9999"], "labels": {"service": "fashion"}}]
    assert jobs["serving"]["honor_labels"] is True
    assert jobs["serving"]["sample_limit"] == SAMPLE_LIMIT
    assert {"serving", "serving-reference", "prometheus", "alertmanager"} == set(jobs)


def test_services_of_an_earlier_stack_are_retired_until_they_run_again(folder: Path) -> None:
    """A rule says of them that they are not missed, which Prometheus loads; where there are none there is no rule."""
    assert state.watched_before(folder, {"fashion"}) == []
    assert state.watched_before(folder, {"iris", "bento"}) == ["fashion"]
    config.write(folder, Ports(), "iris", "route: {}", gone=["fashion"])
    rules = folder / "rules" / retired.RULES
    assert yaml.safe_load(rules.read_text())["groups"][0]["rules"] == [
        {"record": "serving:retired", "expr": "vector(1)", "labels": {"service": "fashion"}}
    ]
    if promtool.find() is not None:
        assert promtool.check_rules([rules]).fine
    assert state.watched_before(folder, {"fashion", "iris"}) == ["bento"]
    config.write(folder, Ports(), "fashion", "route: {}")
    assert not rules.exists()


def test_old_rules_go(folder: Path) -> None:
    """A rule file of an earlier version does not stay behind."""
    (folder / "rules" / "old.rules.yml").write_text("groups: []")
    config.write(folder, Ports(), "fashion", "route: {}")
    assert not (folder / "rules" / "old.rules.yml").exists()


@pytest.mark.parametrize("tool", tools.TOOLS, ids=lambda tool: tool.name)
def test_programs_start_with_these_flags(folder: Path, tool: tools.Tool) -> None:
    """Prometheus and Alertmanager of this machine start with our flags and configuration, and get ready."""
    path, port = program(tool), free_port()
    ports = Ports(prometheus=port, alertmanager=port)
    argv = {"prometheus": config.prometheus_argv, "alertmanager": config.alertmanager_argv}[tool.name]
    with subprocess.Popen(argv(path, folder, ports), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        try:
            wait_for(lambda: health.answers(f"http://127.0.0.1:{port}/-/ready") == "" or None)
        finally:
            running.terminate()
            running.communicate(timeout=15)
    assert running.returncode == 0


def test_channels_of_the_home_are_configured(tmp_path: Path) -> None:
    """A secret file in the home's folder `secrets` is a channel, and the stack's own receiver stays one."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "slack_url").write_text("https://hooks.example/x")
    text = prepare.alertmanager_config(
        Options(tmp_path, ports=Ports(receiver=9999)), program(tools.ALERTMANAGER), tmp_path
    )
    assert "http://127.0.0.1:9999/alerts" in text
    assert str(tmp_path / "secrets" / "slack_url") in text
    assert "hooks.example" not in text
    names = {receiver["name"] for receiver in yaml.safe_load(text)["receivers"]}
    assert names == {"stack", "page", "ticket", "test-slack"}


def test_unfit_channel_is_told(tmp_path: Path) -> None:
    """An empty secret file is an error that names it, before anything starts."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "slack_url").write_text("")
    with pytest.raises(StackError, match=r"slack_url is empty"):
        prepare.alertmanager_config(Options(tmp_path), program(tools.ALERTMANAGER), tmp_path)


def test_release_is_read_from_the_program() -> None:
    """The release that Alertmanager tells decides what its configuration may hold."""
    assert prepare.release(program(tools.ALERTMANAGER)) >= (0, 25)
    with pytest.raises(StackError, match="does not tell its release"):
        prepare.release("true")


def test_one_address_is_asked_for_what_drift_is_compared_with() -> None:
    """The reference has a path and a slower pace of its own; in containers any one replica is asked, not each."""
    native = config.prometheus(Ports(), "fashion")
    jobs = {"native": native, "containers": yaml.safe_load(composed.prometheus_yml())}
    for mode, address in (("native", "127.0.0.1:9464"), ("containers", "serving:9464")):
        (job,) = [job for job in jobs[mode]["scrape_configs"] if job.get("metrics_path") == "/metrics/reference"]
        assert job["static_configs"] == [{"targets": [address]}]
        assert job["honor_labels"]
        assert "dns_sd_configs" not in job
