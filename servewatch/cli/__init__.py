"""The command line: each command lives in a file of this folder and is imported when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any, NoReturn

import click

from servewatch.cli.unread import doubts
from serving.errors import ServewatchError, StoreError

COMMANDS = {
    "up": "servewatch.cli.stack:up",
    "down": "servewatch.cli.stack:down",
    "status": "servewatch.cli.stack:status",
    "update": "servewatch.cli.update:update",
    "logs": "servewatch.cli.logs:logs",
    "alerts": "servewatch.cli.alerts:alerts",
    "demo": "servewatch.cli.demo:demo",
    "replay": "servewatch.cli.replay:replay",
    "serve": "servewatch.cli.serve:serve",
    "models": "servewatch.cli.models:models",
    "build": "servewatch.cli.bundle:build",
    "containerize": "servewatch.cli.bundle:containerize",
    "reference": "servewatch.cli.reference:reference",
    "drift": "servewatch.cli.drift:drift",
    "feedback": "servewatch.cli.feedback:feedback",
    "generate": "servewatch.cli.generate:generate",
    "check": "servewatch.cli.check:check",
    "console": "servewatch.cli.console:console",
    "receiver": "servewatch.cli.receiver:receiver",
    "sbom": "servewatch.cli.sbom:sbom",
}
"""Name of a command, and where it is: a command that is not called is not imported."""


class Commands(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="servewatch")
@click.pass_context
def servewatch(context: click.Context) -> None:
    """Serve a model and watch it."""
    if context.invoked_subcommand != "serve":  # which says it in its log
        for doubt in doubts():
            click.echo(f"warning: {doubt}", err=True)


def main(args: list[str] | None = None, **extra: Any) -> NoReturn:
    """Run a command; an error that we raise on purpose is two lines on stderr and exit code 1 or 2, no traceback."""
    try:
        servewatch.main(args=args, prog_name="servewatch", **extra)
    except StoreError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except ServewatchError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2 if error.code.endswith("_invalid") else 1)
    sys.exit(0)
