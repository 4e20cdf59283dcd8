"""The channels that notifications can take, found by the secret files that are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

import yaml

Kind = Literal["slack", "pagerduty", "email", "webhook", "watchdog"]
Config = dict[str, Any]

URL_FILE_SINCE = (0, 26)
"""The first Alertmanager that reads a webhook's address from a file."""

_TITLE = "{{ .Status | toUpper }}: {{ .CommonLabels.service }}"
_TEXT = (
    '{{ range .Alerts }}{{ if eq .Status "resolved" }}Over. It was: {{ end }}{{ .Annotations.summary }}\n'
    "{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ .Annotations.dashboard_url }}\n{{ end }}"
)
_EMAIL_REQUIRED, _EMAIL_OPTIONS = {"to", "from", "smarthost"}, {"to", "from", "smarthost", "username"}


class ChannelInvalid(ValueError):
    """A channel's files are there, but do not say all that Alertmanager needs."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: what its files say in the open, and the name of the file that holds its secret."""

    kind: Kind
    secret: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def wakes(self) -> bool:
        """Whether this channel is for pages only, as it gets people out of bed."""
        return self.kind == "pagerduty"

    @property
    def machine(self) -> bool:
        """Whether nobody reads it: a dead man's switch, which hears of the alert that always fires and of no other."""
        return self.kind == "watchdog"

    def config(self, secrets: PurePath, release: tuple[int, int]) -> tuple[str, Config]:
        """Give the receiver's key and entry; `secrets` is the folder as Alertmanager sees it."""
        path = str(secrets / self.secret) if self.secret else ""
        if self.kind == "slack":
            return "slack_configs", {"api_url_file": path, "title": _TITLE, "text": _TEXT}
        if self.kind == "pagerduty":
            return "pagerduty_configs", {"routing_key_file": path, "description": _TITLE, "severity": "critical"}
        if self.kind == "email":
            return "email_configs", _email(self.options, path)
        found = _webhook(self.options, path, release)
        return "webhook_configs", {**found, "send_resolved": False} if self.machine else found


def channels(folder: Path) -> tuple[Channel, ...]:
    """Find what the files of the folder configure: slack_url, pagerduty_key, email.yml, webhook.yml, watchdog_url."""
    found: list[Channel] = []
    if _there(folder / "slack_url"):
        found.append(Channel("slack", "slack_url"))
    if _there(folder / "pagerduty_key"):
        found.append(Channel("pagerduty", "pagerduty_key"))
    if (folder / "email.yml").is_file():
        options = _options(folder / "email.yml", _EMAIL_REQUIRED, _EMAIL_OPTIONS)
        found.append(Channel("email", "email_password" if _there(folder / "email_password") else "", options))
    if (folder / "webhook.yml").is_file():
        options = _options(folder / "webhook.yml", {"url"}, {"url"})
        found.append(Channel("webhook", "webhook_token" if _there(folder / "webhook_token") else "", options))
    elif _there(folder / "webhook_url"):
        found.append(Channel("webhook", "webhook_url"))
    if _there(folder / "watchdog_url"):
        found.append(Channel("watchdog", "watchdog_url"))
    return tuple(found)


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


def _email(options: Mapping[str, str], password: str) -> Config:
    entry: Config = {name: options[name] for name in ("to", "from", "smarthost")}
    entry["headers"] = {"Subject": _TITLE}
    if password:
        entry |= {"auth_username": options.get("username", options["from"]), "auth_password_file": password}
    return entry


def _webhook(options: Mapping[str, str], secret: str, release: tuple[int, int]) -> Config:
    if "url" in options:
        authorization = {"type": "Bearer", "credentials_file": secret}
        return {"url": options["url"], **({"http_config": {"authorization": authorization}} if secret else {})}
    if release < URL_FILE_SINCE:
        other = ", or put the address in webhook.yml (url: ...) and its secret in webhook_token"
        raise ChannelInvalid(
            f"Alertmanager {release[0]}.{release[1]} cannot read a webhook's address from {secret}: use 0.26 or later"
            + (other if secret.endswith("webhook_url") else "")
        )
    return {"url_file": secret}
