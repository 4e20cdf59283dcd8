"""Notifications end to end: a real Alertmanager, and local servers that stand for mail and web hooks of others."""

from __future__ import annotations

import html
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.entries import TEAMS_SINCE
from servewatch.cli import main
from servewatch.notifying import Alertmanager, AlertmanagerUnreachable, NotificationFailed, ReceiverUnknown
from servewatch.stack import prepare, tools
from tests.servewatch.channels import Hooks, Mail, listening, notified
from tests.servewatch.stack.stacks import free_port, wait_for

RUNBOOK = "https://github.com/servewatch/servewatch/blob/main/alerts/runbook.md#requesterrorshigh"
STARTED = "2026-03-01T10:00:00Z"
FROM = 1772357400000
"""Half an hour before, in the milliseconds that dashboards take."""


class Place:
    """Where the notifications of a test go, and the Alertmanager that sends them."""

    def __init__(self, url: str, hooks: Hooks, mail: Mail) -> None:
        self.url, self.hooks, self.mail = url, hooks, mail
        self.measured = {"value": "5.31%", "threshold": "1.25%"}

    def fire(self, name: str = "RequestErrorsHigh", severity: str = "page", **more: str) -> None:
        labels = {"alertname": name, "service": "fa shion", "severity": severity, "instance": "10.0.0.7:9464", **more}
        told = {
            "summary": "fa shion: 5.3% of requests failed <!channel>",
            "description": "Of the last 5m; 1% is the limit.",
            **self.measured,
            "runbook_url": RUNBOOK,
            "dashboard_url": "http://127.0.0.1:3002/d/servewatch-service?var-service=fa+shion",
        }
        body = json.dumps([{"labels": labels, "annotations": told, "startsAt": STARTED}]).encode()
        asked = urllib.request.Request(f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            assert answer.status == 200

    def first(self, path: str) -> dict[str, Any]:
        return wait_for(lambda: next(iter(self.hooks.of(path)), None))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    secrets = tmp_path / "secrets"
    (secrets / "owners" / "vision").mkdir(parents=True)
    with listening(Hooks()) as hooks, listening(Mail()) as mail:
        where = f"127.0.0.1:{mail.server_address[1]}"
        files = {
            "slack_url": f"{hooks.url}/slack",
            "pagerduty_key": "key",
            "pagerduty.yml": f"url: {hooks.url}/pagerduty",
            "webhook.yml": f"url: {hooks.url}/webhook",
            "email.yml": f"to: a@example.org\nfrom: b@example.org\nsmarthost: {where}\nrequire_tls: false\n",
            "owners/vision/slack_url": f"{hooks.url}/vision",
        }
        for name, text in files.items():
            (secrets / name).write_text(text)
        with notified(tmp_path / "stack", secrets, hooks) as url:
            yield Place(url, hooks, mail)


def test_every_channel_says_what_is_wrong_since_when_how_bad_and_where_and_leads_on(place: Place) -> None:
    """Slack, PagerDuty, both parts of a letter and a web hook tell it, with links to the time and to a silence."""
    place.fire()
    slack = place.first("/slack")["attachments"][0]
    pager = place.first("/pagerduty")
    letter = wait_for(lambda: next(iter(place.mail.letters), None))
    parts = {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in letter.walk()
        if not part.is_multipart()
    }
    texts = {
        "slack": slack["text"],
        "pagerduty": json.dumps(pager, ensure_ascii=False),
        "text": parts["text/plain"],
        "html": html.unescape(parts["text/html"]),
    }
    silence = urllib.parse.quote('{alertname="RequestErrorsHigh",service="fa shion"}', safe="")
    for channel, text in texts.items():
        text = text.replace("\\u0026", "&")
        for said in (
            "5.3% of requests failed",
            "1% is the limit",
            "2026-03-01 10:00:00 UTC",
            "page",
            "service fa shion, replica 10.0.0.7:9464",
            f"/d/servewatch-service?var-service=fa+shion&from={FROM}&to=now",
            RUNBOOK,
            f"{place.url}/#/silences/new?filter={silence}",
        ):
            assert said in text, (channel, said, text)
    assert "*Value:* 5.31%   *Limit:* 1.25%" in slack["text"]
    assert "Value: 5.31%\nLimit: 1.25%\n" in texts["text"].replace("\r\n", "\n")
    assert re.findall(r"<td[^>]*>(Value|Limit)</td><td>([^<]*)</td>", texts["html"]) == [
        ("Value", "5.31%"),
        ("Limit", "1.25%"),
    ]
    details = pager["payload"]["custom_details"]
    assert (details["value"], details["threshold"]) == ("5.31%", "1.25%")
    measured = place.first("/webhook")["alerts"][0]["annotations"]
    assert (measured["value"], measured["threshold"]) == ("5.31%", "1.25%")
    assert slack["color"] == "danger"
    assert slack["title"] == "[FIRING, page] fa shion: RequestErrorsHigh"
    assert pager["payload"]["severity"] == "critical"
    assert place.first("/webhook")["alerts"][0]["labels"]["instance"] == "10.0.0.7:9464"


def test_an_alert_without_a_value_has_no_empty_fields(place: Place) -> None:
    """What is only true or false is told without the words for a value and a limit."""
    place.measured = {}
    place.fire("ServiceDown")
    letter = wait_for(lambda: next(iter(place.mail.letters), None))
    parts = [part.get_payload(decode=True).decode() for part in letter.walk() if not part.is_multipart()]
    for text in (place.first("/slack")["attachments"][0]["text"], *parts):
        assert "5.3% of requests failed" in text
        assert not re.search(r"Value|Limit", text)


def test_what_came_from_outside_mentions_nobody_and_writes_no_html(place: Place) -> None:
    """A text that looks like a mention of Slack or like a tag is shown as it is."""
    place.fire()
    assert "&lt;!channel&gt;" in place.first("/slack")["attachments"][0]["text"]
    letter = wait_for(lambda: next(iter(place.mail.letters), None))
    page = next(part for part in letter.walk() if part.get_content_type() == "text/html")
    assert "&lt;!channel&gt;" in page.get_payload(decode=True).decode()


def test_a_ticket_wakes_nobody_and_an_owner_is_told_instead_of_the_default(place: Place) -> None:
    """PagerDuty gets pages alone; an alert with an owner that has a channel goes there, and to no default one."""
    place.fire("QueueLong", severity="ticket", owner="vision")
    assert "QueueLong" in place.first("/vision")["attachments"][0]["title"]
    place.fire("QueueLong", severity="ticket")
    assert "QueueLong" in place.first("/slack")["attachments"][0]["title"]
    assert place.hooks.of("/pagerduty") == []
    assert len(place.hooks.of("/slack")) == 1


@pytest.mark.parametrize("receiver", ["slack", "pagerduty", "webhook", "slack-vision"])
def test_a_test_reaches_one_channel_and_no_other(place: Place, receiver: str) -> None:
    """What is sent arrives there, says that nothing is wrong, and the stack's own receiver does not hear of it."""
    Alertmanager(place.url).deliver(receiver, "ticket", "http://127.0.0.1:3002", 20.0)
    paths = {path for path, _ in place.hooks.came}
    assert paths == {"/vision" if receiver == "slack-vision" else f"/{receiver}"}
    assert "This is a test of notifications: nothing is wrong" in json.dumps(place.hooks.came)


def test_the_command_tests_every_channel_and_says_which_took_it(place: Place, tmp_path: Path, capsys: Any) -> None:
    """Without --receiver each is tried; where one refuses, the command says so and exits with 1."""
    words = ["alerts", "test", f"--alertmanager={place.url}", f"--home={tmp_path}"]
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr().out.splitlines()
    assert ended.value.code == 0
    assert sorted(said) == sorted(
        f"{name}: taken" for name in ("email", "pagerduty", "slack", "slack-vision", "webhook")
    )
    place.hooks.status = 404
    with pytest.raises(SystemExit) as ended:
        main([*words, "--receiver=slack", "--owner=vision"])
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert told.out == "slack-vision: slack-vision did not take the notification\n"
    assert "servewatch logs alertmanager says what it answered" in told.err


def test_what_cannot_be_tested_is_told_with_what_can(place: Place) -> None:
    """A channel that is not configured is named beside those that are; an address that is none is said to be."""
    with pytest.raises(
        ReceiverUnknown, match=r"'teams' is not in .* it has slack, pagerduty, email, webhook, slack-vision"
    ):
        Alertmanager(place.url).deliver("teams", "page", "", 5.0)
    with pytest.raises(AlertmanagerUnreachable, match="does not answer as an Alertmanager"):
        Alertmanager(f"http://127.0.0.1:{free_port()}").receivers()


def test_a_channel_that_is_not_called_in_time_has_failed(place: Place) -> None:
    """Where the clock runs out first, the error says for how long was waited."""
    clock = iter([0.0, 0.0, 100.0])
    place.hooks.status = 200
    with pytest.raises(NotificationFailed, match="did not call email within 30 s"):
        _Quiet(place.url, clock=lambda: next(clock)).deliver("email", "ticket", "", 30.0)


class _Quiet(Alertmanager):
    """Sends nothing, as an Alertmanager under a silence does."""

    def send(self, receiver: str, severity: str, dashboards: str) -> None:
        pass


def test_teams_gets_a_card_that_says_all_of_it(tmp_path: Path) -> None:
    """An Alertmanager that speaks to the workflows of Microsoft Teams sends our texts as a card, links included."""
    program = tools.find(tools.ALERTMANAGER)
    if program is None or prepare.release(program) < TEAMS_SINCE:
        pytest.skip("an Alertmanager of 0.28 or later is needed: https://prometheus.io/download/")
    (tmp_path / "secrets").mkdir()
    with listening(Hooks()) as hooks, listening(Mail()) as mail:
        (tmp_path / "secrets" / "teams_url").write_text(f"{hooks.url}/teams")
        with notified(tmp_path / "stack", tmp_path / "secrets", hooks) as url:
            place = Place(url, hooks, mail)
            place.fire()
            card = json.dumps(place.first("/teams")).replace("\\u0026", "&")
            for said in ("5.3% of requests failed", "2026-03-01 10:00:00 UTC", f"&from={FROM}&to=now", RUNBOOK):
                assert said in card
            assert "**Value:** 5.31% **Limit:** 1.25%" in card
            assert f"[Silence]({url}/#/silences/new?filter=" in card
            Alertmanager(url).deliver("teams", "ticket", "http://127.0.0.1:3002", 20.0)
