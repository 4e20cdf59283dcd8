"""`servewatch alerts test`: a real notification to each channel, or to one."""

from __future__ import annotations

from pathlib import Path

import click

from servewatch.cli.stack import home_option, resolve_home, say


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def alerts() -> None:
    """Who is told of alerts."""


@alerts.command()
@click.option("--receiver", metavar="KIND", help="slack, pagerduty, email, teams or webhook.  [default: each there is]")
@click.option("--owner", default="", help="The channel of this owner of services, not the default one.")
@click.option("--severity", type=click.Choice(["page", "ticket"]), default="ticket", show_default=True)
@click.option("--alertmanager", default=None, help="Where it answers.  [default: that of the stack that runs]")
@click.option("--seconds", default=20.0, show_default=True, type=click.FloatRange(1, 600), help="How long to wait.")
@home_option
def test(
    receiver: str | None, owner: str, severity: str, alertmanager: str | None, seconds: float, home: Path | None
) -> None:
    """Send a notification through Alertmanager and say whether the channel took it; exit code 1 if one did not."""
    from servewatch.notifying import Alertmanager, NotificationFailed, ReceiverUnknown

    through = Alertmanager(alertmanager or _recorded("alertmanager", home) or "http://127.0.0.1:9093")
    dashboards = _recorded("console", home) or _recorded("grafana", home) or "http://127.0.0.1:3002"
    wanted = ["-".join(filter(None, (receiver, owner)))] if receiver else _those_of(owner, through.receivers())
    if not wanted:
        whose = f"owner {owner!r} has no channel" if owner else "no channel is configured"
        raise ReceiverUnknown(
            f"{whose} at {through.url}: notifications go to the stack's receiver alone",
            "secrets/README.md says which file makes which channel",
        )
    failed = []
    for name in wanted:
        try:
            through.deliver(name, severity, dashboards, seconds)
            say(f"{name}: taken")
        except NotificationFailed as error:
            failed.append(error)
            say(f"{name}: {error.message}")
    if failed:
        raise NotificationFailed(f"{len(failed)} of {len(wanted)} channels did not take it", failed[-1].help)


def _those_of(owner: str, names: list[str]) -> list[str]:
    return [name for name in names if not owner or name.partition("-")[2] == owner]


def _recorded(name: str, home: Path | None) -> str:
    from servewatch.stack.choose import running
    from servewatch.stack.mode import Options

    stack = running(Options(resolve_home(home)), Path.cwd(), say)
    found = stack.status().processes if stack is not None else ()
    return next((process.url for process in found if process.name == name), "")
