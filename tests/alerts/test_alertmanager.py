"""alerts/alertmanager.py: who is told of what, and what silences what."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import PurePath

import pytest
import yaml

import alerts
from alerts import alertmanager
from alerts.channels import Channel

ALL = (
    Channel("slack", "slack_url"),
    Channel("pagerduty", "pagerduty_key"),
    Channel("email", "email_password", {"to": "a@example.org", "from": "b@example.org", "smarthost": "mail:587"}),
    Channel("webhook", "webhook_token", {"url": "http://hooks.example.org/x"}),
)


def _amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("amtool") is None:
        pytest.skip("amtool is missing; run: sudo apt-get install prometheus-alertmanager")
    return subprocess.run(["amtool", *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("found", [(), ALL], ids=["none", "all"])
def test_alertmanager_takes_the_configuration(found, tmp_path):
    """amtool accepts it with no channel, and with every kind of channel."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager.config(found))
    answer = _amtool("check-config", str(file))
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("found", "severity", "receivers"),
    [
        ((), "page", "stack"),
        ((), "ticket", "stack"),
        (ALL, "page", "stack,page"),
        (ALL, "ticket", "stack,ticket"),
        ((Channel("pagerduty", "pagerduty_key"),), "page", "stack,page"),
        ((Channel("pagerduty", "pagerduty_key"),), "ticket", "stack"),
        (ALL, "other", "stack"),
        ((Channel("slack", "slack_url"),), "none", "stack"),
    ],
)
def test_alerts_go_to_the_stack_and_to_the_channels_of_their_severity(found, severity, receivers, tmp_path):
    """The stack's own receiver gets everything; a channel gets its severity; nobody is woken by a ticket."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager.config(found))
    answer = _amtool("config", "routes", "test", f"--config.file={file}", "service=fashion", f"severity={severity}")
    assert answer.stdout.strip() == receivers


def test_a_dead_mans_switch_hears_each_minute_of_what_always_fires_and_of_nothing_else():
    """It has a receiver and a route of its own, for the severity that no human gets, and no other route leads to it."""
    document = yaml.safe_load(alertmanager.config((Channel("watchdog", "watchdog_url"),)))
    stack, switch = document["route"]["routes"]
    assert (stack["receiver"], stack["continue"]) == ("stack", True)
    assert (switch["receiver"], switch["matchers"]) == ("none", ['severity="none"'])
    assert switch["repeat_interval"] == "1m"
    hooks = {one["name"]: one["webhook_configs"] for one in document["receivers"]}
    assert hooks["none"] == [{"send_resolved": False, "url_file": "/run/secrets/watchdog_url"}]


def test_secrets_stay_in_their_files():
    """The configuration names the files of the secrets, in the folder that Alertmanager sees."""
    text = alertmanager.config(ALL, PurePath("/somewhere"))
    for name in ("slack_url", "pagerduty_key", "email_password", "webhook_token"):
        assert f"/somewhere/{name}" in text


def test_the_receivers_address_is_a_parameter_and_everything_says_when_it_is_over():
    """The stack's receiver is where it is said to be, and each receiver is told of the end of an alert."""
    receivers = yaml.safe_load(alertmanager.config(ALL, receiver="http://127.0.0.1:29095/alerts"))["receivers"]
    assert receivers[0]["webhook_configs"][0]["url"] == "http://127.0.0.1:29095/alerts"
    entries = [entry for receiver in receivers for key, found in receiver.items() if key != "name" for entry in found]
    assert len(entries) == 12
    assert all(entry["send_resolved"] for entry in entries)


def test_inhibition_names_alerts_that_exist_and_asks_for_a_service():
    """Every name in an inhibition is an alert, and alerts without a service silence nothing."""
    names = {alert.name for alert in alerts.ALERTS}
    rules = yaml.safe_load(alertmanager.config())["inhibit_rules"]
    for rule in rules:
        assert 'service=~".+"' in rule["source_matchers"]
        assert rule["equal"] == ["service"]
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            label, _, value = matcher.replace("!=", "=").replace("=~", "=").partition("=")
            if label == "alertname":
                assert set(value.strip('"').split("|")) <= names


def test_an_alert_of_a_service_is_one_notification():
    """Alerts are grouped by service and alert, and a first notification waits only seconds."""
    route = yaml.safe_load(alertmanager.config())["route"]
    assert route["group_by"] == ["service", "alertname"]
    assert route["group_wait"] == "5s"


OWNED = (
    Channel("slack", "slack_url"),
    Channel("slack", "slack_url", owner="vision"),
    Channel("pagerduty", "pagerduty_key", owner="night"),
)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (("owner=vision", "severity=page"), "stack,page-vision"),
        (("owner=vision", "severity=ticket"), "stack,ticket-vision"),
        (("owner=night", "severity=page"), "stack,page-night"),
        (("owner=night", "severity=ticket"), "stack,ticket"),
        (("owner=nobody", "severity=page"), "stack,page"),
        (("severity=page",), "stack,page"),
        (("alertname=NotificationTest", "receiver=test-slack-vision", "severity=page"), "test-slack-vision"),
        (("alertname=NotificationTest", "receiver=test-teams", "severity=page"), "stack"),
    ],
)
def test_an_alert_goes_to_the_owner_of_its_service_where_that_owner_has_a_channel_for_it(labels, receivers, tmp_path):
    """An owner's channels take its services' alerts, the default what they do not take; a test goes nowhere else."""
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager.config(OWNED))
    answer = _amtool("config", "routes", "test", f"--config.file={file}", "service=fashion", *labels)
    assert answer.stdout.strip() == receivers


def test_an_owners_secret_is_in_the_owners_folder():
    """Two channels of one kind read different files."""
    text = alertmanager.config(OWNED, PurePath("/s"))
    assert "api_url_file: /s/slack_url" in text
    assert "api_url_file: /s/owners/vision/slack_url" in text


def test_teams_is_configured_for_an_alertmanager_that_speaks_to_its_workflows():
    """From 0.28 on it has a card with our texts; an older one is an error that says which release it takes."""
    channel = Channel("teams", "teams_url")
    key, entry = channel.config(PurePath("/s"), (0, 28))
    assert (key, entry["webhook_url_file"]) == ("msteamsv2_configs", "/s/teams_url")
    assert "servewatch.teams.text" in entry["text"]
    with pytest.raises(alertmanager.ChannelInvalid, match=r"0\.25 cannot speak to Microsoft Teams .* use 0\.28"):
        channel.config(PurePath("/s"), (0, 25))


def test_every_template_that_is_called_is_defined():
    """No message has a hole where a template's name was misspelt."""
    text = "".join(alertmanager.templates().values())
    called = text + alertmanager.config((*ALL, Channel("teams", "teams_url")))
    defined = set(re.findall(r'define "([^"]+)"', text))
    assert {"servewatch.title", "servewatch.email", "servewatch.slack.text"} <= defined
    assert set(re.findall(r'template "([^"]+)"', called)) <= defined
