"""The channels that notifications can take, found by the secret files that are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Literal

import yaml

from alerts import entries
from alerts.entries import URL_FILE_SINCE, ChannelInvalid, Config

Kind = Literal["slack", "pagerduty", "email", "teams", "webhook", "watchdog"]

OWNERS = "owners"
"""The folder of secrets that has a folder of the same kind for each owner of services."""
OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")

_EMAIL_REQUIRED = {"to", "from", "smarthost"}
_EMAIL_OPTIONS = _EMAIL_REQUIRED | {"username", "require_tls"}


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: what its files say in the open, and the name of the file that holds its secret."""

    kind: Kind
    secret: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""
    """Whose services it hears of; without an owner, of those for which no owner has a channel."""

    @property
    def wakes(self) -> bool:
        """Whether this channel is for pages only, as it gets people out of bed."""
        return self.kind == "pagerduty"

    @property
    def machine(self) -> bool:
        """Whether nobody reads it: a dead man's switch, which hears of the alert that always fires and of no other."""
        return self.kind == "watchdog"

    @property
    def test(self) -> str:
        """The name of the receiver that has this channel alone, for `servewatch alerts test`."""
        return "-".join(filter(None, ("test", self.kind, self.owner)))

    def config(self, secrets: PurePath, release: tuple[int, int]) -> tuple[str, Config]:
        """Give the receiver's key and entry; `secrets` is the folder as Alertmanager sees it."""
        folder = secrets / OWNERS / self.owner if self.owner else secrets
        path = str(folder / self.secret) if self.secret else ""
        if self.kind == "slack":
            return "slack_configs", entries.slack(self.options, path)
        if self.kind == "pagerduty":
            return "pagerduty_configs", entries.pagerduty(self.options, path)
        if self.kind == "email":
            return "email_configs", entries.email(self.options, path)
        if self.kind == "teams":
            return "msteamsv2_configs", entries.teams(path, release)
        found = entries.webhook(self.options, path, release)
        return "webhook_configs", {**found, "send_resolved": False} if self.machine else found


def channels(folder: Path) -> tuple[Channel, ...]:
    """Find what the files of the folder configure, and those of its folders `owners/NAME`, an owner each."""
    found = list(_channels(folder))
    for owner in sorted(path for path in (folder / OWNERS).glob("*") if path.is_dir()):
        if not OWNER.match(owner.name):
            raise ChannelInvalid(f"{owner} is no name of an owner: it takes letters, digits, '_', '.' and '-'")
        found += [replace(channel, owner=owner.name) for channel in _channels(owner) if not channel.machine]
    return tuple(found)


def _channels(folder: Path) -> tuple[Channel, ...]:
    found: list[Channel] = []
    if _there(folder / "slack_url"):
        found.append(Channel("slack", "slack_url"))
    if _there(folder / "pagerduty_key"):
        there = (folder / "pagerduty.yml").is_file()
        options = _options(folder / "pagerduty.yml", {"url"}, {"url"}) if there else {}
        found.append(Channel("pagerduty", "pagerduty_key", options))
    if (folder / "email.yml").is_file():
        found.append(_email(folder))
    if _there(folder / "teams_url"):
        found.append(Channel("teams", "teams_url"))
    if (folder / "webhook.yml").is_file():
        options = _options(folder / "webhook.yml", {"url"}, {"url"})
        found.append(Channel("webhook", "webhook_token" if _there(folder / "webhook_token") else "", options))
    elif _there(folder / "webhook_url"):
        found.append(Channel("webhook", "webhook_url"))
    if _there(folder / "watchdog_url"):
        found.append(Channel("watchdog", "watchdog_url"))
    return tuple(found)


def _email(folder: Path) -> Channel:
    file = folder / "email.yml"
    options = _options(file, _EMAIL_REQUIRED, _EMAIL_OPTIONS)
    if "require_tls" in options:
        options["require_tls"] = options["require_tls"].lower()
        if options["require_tls"] not in ("true", "false"):
            raise ChannelInvalid(f"{file} has require_tls: {options['require_tls']}; it takes true or false")
    return Channel("email", "email_password" if _there(folder / "email_password") else "", options)


def _there(path: Path) -> bool:
    if not path.is_file():
        return False
    if not path.read_text().strip():
        raise ChannelInvalid(f"{path} is empty: put the secret in it, or remove it")
    return True


def _options(path: Path, required: set[str], known: set[str]) -> dict[str, str]:
    try:
        read = yaml.safe_load(path.read_text())
    except yaml.YAMLError as problem:
        raise ChannelInvalid(f"{path} is no YAML: {problem}") from problem
    if not isinstance(read, dict) or not required <= read.keys() <= known:
        has = ", ".join(map(str, read)) if isinstance(read, dict) else repr(read)
        raise ChannelInvalid(
            f"{path} has {has}; it takes {', '.join(sorted(known))}, and needs {', '.join(sorted(required))}"
        )
    return {str(name): str(value) for name, value in read.items()}


__all__ = ["OWNER", "OWNERS", "URL_FILE_SINCE", "Channel", "ChannelInvalid", "Kind", "channels"]
