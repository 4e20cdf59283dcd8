"""`servewatch serve`: one service."""

from __future__ import annotations

import logging
import sys
from typing import Any

import click

from servewatch.cli.unread import doubts
from serving import instrumented
from serving.errors import ServiceInvalid
from serving.loading import load_service
from serving.server import configure_logging, run
from serving.service import definition
from serving.settings import Settings

log = logging.getLogger(__name__)


@click.command()
@click.argument("target", metavar="MODULE:NAME")
@click.option("--host", help="Address to listen on (127.0.0.1).")
@click.option("--port", type=int, help="Port of the service (3000).")
@click.option("--metrics-host", help="Address of /metrics (127.0.0.1).")
@click.option("--metrics-port", type=int, help="Port of /metrics on a thread of its own (9464); 0 turns it off.")
@click.option("--workers", type=int, help="Processes that speak HTTP (1).")
@click.option("--runners", type=int, help="Processes that hold the models (0: with one worker, in its own process).")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
def serve(target: str, **given: Any) -> None:
    """Serve one service, such as examples.fashion.service:Fashion, or an app that was instrumented.

    Every other option is an environment variable, SERVEWATCH_*.
    """
    settings = Settings.load(**given)
    configure_logging(settings.log_level, settings.log_format)
    for doubt in doubts():
        log.warning("%s", doubt)
    if settings.several:  # this process is their master then, and does not import the service
        from serving.processes.master import supervise

        sys.exit(supervise(target, settings, check_promises))
    if (app := instrumented.find(target)) is not None:
        sys.exit(instrumented.run(app, settings))
    service = load_service(target)
    declared = definition(service)
    check_promises(declared.name, declared.slos)
    sys.exit(run(service, settings))


def check_promises(service: str, slos: tuple[str, ...]) -> None:
    """Refuse an objective that no rule could be made of, before anybody takes it for measured."""
    if not slos:
        return
    # Here and not above: a service that promises nothing does not wait for it.
    from alerts.objectives import ObjectiveInvalid, named

    try:
        tuple(named(slos, service))
    except ObjectiveInvalid as wrong:
        raise ServiceInvalid(str(wrong), 'change slos= of @service, as in slos=["latency 99% under 0.25s"]') from None
