"""alerts/channels.py: which channels are configured, by the files that are there."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from alerts.channels import ChannelInvalid, channels


def _write(folder, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_an_empty_or_missing_folder_configures_nothing(tmp_path):
    """Without files there are no channels."""
    assert channels(tmp_path) == ()
    assert channels(tmp_path / "absent") == ()


def test_a_dead_mans_switch_is_called_and_told_of_no_end(tmp_path):
    """It is a webhook whose address is a secret, for machines alone; an Alertmanager that cannot read it says so."""
    _write(tmp_path, watchdog_url="https://x")
    (switch,) = channels(tmp_path)
    assert switch.machine
    assert not switch.wakes
    expected = {"url_file": "/s/watchdog_url", "send_resolved": False}
    assert switch.config(PurePath("/s"), (0, 27)) == ("webhook_configs", expected)
    with pytest.raises(ChannelInvalid, match=r"use 0.26 or later$"):
        switch.config(PurePath("/s"), (0, 25))


def test_each_file_is_a_channel(tmp_path):
    """The four kinds are found by their files, with the options that are no secret."""
    email = "to: a@example.org\nfrom: b@example.org\nsmarthost: mail:587\n"
    _write(tmp_path, slack_url="https://x", pagerduty_key="k", email__yml=email, email_password="p")
    _write(tmp_path, webhook__yml="url: http://hook\n")
    found = channels(tmp_path)
    assert [channel.kind for channel in found] == ["slack", "pagerduty", "email", "webhook"]
    assert found[2].options["smarthost"] == "mail:587"
    assert found[2].config(PurePath("/s"), (0, 33))[1]["auth_username"] == "b@example.org"
    assert found[3].config(PurePath("/s"), (0, 25)) == ("webhook_configs", {"url": "http://hook"})


def test_only_pagerduty_wakes(tmp_path):
    """PagerDuty is for pages; the others take tickets too."""
    _write(tmp_path, slack_url="https://x", pagerduty_key="k")
    assert [channel.wakes for channel in channels(tmp_path)] == [False, True]


def test_a_secret_webhook_address_needs_an_alertmanager_that_reads_it_from_a_file(tmp_path):
    """From 0.26 on the address is a file; for 0.25 the error says what to do instead."""
    _write(tmp_path, webhook_url="https://secret")
    (channel,) = channels(tmp_path)
    assert channel.config(PurePath("/s"), (0, 26)) == ("webhook_configs", {"url_file": "/s/webhook_url"})
    with pytest.raises(ChannelInvalid, match=r"0\.25 cannot read .* put the address in webhook\.yml"):
        channel.config(PurePath("/s"), (0, 25))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"slack_url": " \n"}, "slack_url is empty"),
        ({"email__yml": "to: a@example.org\n"}, "needs from, smarthost, to"),
        ({"email__yml": "to: [\n"}, "is no YAML"),
        ({"webhook__yml": "url: http://x\ntoken: secret\n"}, "it takes url"),
        ({"webhook__yml": "http://x\n"}, "it takes url"),
        ({"email__yml": "to: a@b\nfrom: a@b\nsmarthost: m:25\nrequire_tls: perhaps\n"}, "it takes true or false"),
        ({"pagerduty_key": "k", "pagerduty__yml": "uri: http://x\n"}, "it takes url"),
    ],
)
def test_half_a_channel_is_an_error_that_names_the_file(files, said, tmp_path):
    """An empty secret, a missing or unknown option and broken YAML are refused by name."""
    _write(tmp_path, **files)
    with pytest.raises(ChannelInvalid, match=said):
        channels(tmp_path)


def test_a_folder_below_owners_is_an_owner_with_channels_of_its_own(tmp_path):
    """Its files mean the same as in the folder above; a dead man's switch is nobody's."""
    (tmp_path / "owners" / "vision").mkdir(parents=True)
    _write(tmp_path, slack_url="https://x")
    _write(tmp_path / "owners" / "vision", slack_url="https://y", watchdog_url="https://z")
    assert [(one.kind, one.owner, one.test) for one in channels(tmp_path)] == [
        ("slack", "", "test-slack"),
        ("slack", "vision", "test-slack-vision"),
    ]


def test_an_owner_is_no_name_that_a_label_or_a_route_could_not_carry(tmp_path):
    """A folder of another name is refused, with the characters that are taken."""
    (tmp_path / "owners" / 'a"b').mkdir(parents=True)
    with pytest.raises(ChannelInvalid, match="no name of an owner"):
        channels(tmp_path)


def test_letters_may_go_without_tls_and_pagerduty_elsewhere(tmp_path):
    """email.yml says whether the way to the mail server must be encrypted, pagerduty.yml which region it is."""
    _write(tmp_path, email__yml="to: a@b\nfrom: a@b\nsmarthost: m:25\nrequire_tls: false\n")
    _write(tmp_path, pagerduty_key="k", pagerduty__yml="url: https://events.eu.pagerduty.com/v2/enqueue\n")
    pager, letter = channels(tmp_path)
    assert letter.config(PurePath("/s"), (0, 25))[1]["require_tls"] is False
    assert pager.config(PurePath("/s"), (0, 25))[1]["url"] == "https://events.eu.pagerduty.com/v2/enqueue"
