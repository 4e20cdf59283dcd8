"""How Alertmanager's configuration speaks to each kind of channel; what people read there is in alerts/templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Config = dict[str, Any]

URL_FILE_SINCE = (0, 26)
"""The first Alertmanager that reads a webhook's address from a file."""
TEAMS_SINCE = (0, 28)
"""The first Alertmanager that speaks to the workflows of Microsoft Teams; what came before them is switched off."""


class ChannelInvalid(ValueError):
    """A channel's files are there, but do not say all that Alertmanager needs."""


def template(name: str) -> str:
    """The words that fill in one of our templates."""
    return f'{{{{ template "servewatch.{name}" . }}}}'


TITLE, TEXT, SILENCE = template("title"), template("text"), template("silence")
_RUNBOOK = "{{ with index .Alerts 0 }}{{ .Annotations.runbook_url }}{{ end }}"
_DASHBOARD = template("links.dashboard")


def slack(options: Mapping[str, str], secret: str) -> Config:
    """A message of Slack, with the colour of its severity."""
    shown = {"title": TITLE, "fallback": TITLE, "title_link": _DASHBOARD}
    told = {"text": template("slack.text"), "color": template("slack.color"), "mrkdwn_in": ["text"]}
    return {"api_url_file": secret, **options, **shown, **told}


def pagerduty(options: Mapping[str, str], secret: str) -> Config:
    """An incident of PagerDuty: its details are what the responder sees first."""
    details = {
        "what": template("details"),
        "value": template("value"),
        "threshold": template("threshold"),
        "dashboard": _DASHBOARD,
        "runbook": _RUNBOOK,
        "silence": SILENCE,
        "service": "{{ .CommonLabels.service }}",
        "replica": "{{ .CommonLabels.instance }}",
    }
    kind = {"class": "{{ .GroupLabels.alertname }}", "component": "{{ .CommonLabels.service }}"}
    links = [{"href": SILENCE, "text": "Silence it"}]
    entry = {"routing_key_file": secret, **options, "description": TITLE, "severity": "critical", **kind}
    return {**entry, "client": "servewatch", "client_url": _DASHBOARD, "details": details, "links": links}


def email(options: Mapping[str, str], secret: str) -> Config:
    """A letter as HTML and as text."""
    entry: Config = {name: options[name] for name in ("to", "from", "smarthost")}
    entry |= {"headers": {"Subject": TITLE}, "html": template("email"), "text": TEXT}
    if "require_tls" in options:
        entry["require_tls"] = options["require_tls"] == "true"
    if secret:
        entry |= {"auth_username": options.get("username", options["from"]), "auth_password_file": secret}
    return entry


def teams(secret: str, release: tuple[int, int]) -> Config:
    """A card of Microsoft Teams, by a workflow that takes webhooks."""
    if release < TEAMS_SINCE:
        raise ChannelInvalid(
            f"Alertmanager {release[0]}.{release[1]} cannot speak to Microsoft Teams (from {secret}): use 0.28 or later"
        )
    return {"webhook_url_file": secret, "title": TITLE, "text": template("teams.text")}


def webhook(options: Mapping[str, str], secret: str, release: tuple[int, int]) -> Config:
    """Alertmanager's own JSON, to any address."""
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
