"""`servewatch console`: the web console against any Prometheus and Alertmanager."""

from __future__ import annotations

import socket
from pathlib import Path

import click

from servewatch.stack.errors import PortTaken

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@click.command()
@click.option("--port", default=3002, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--prometheus", default="http://127.0.0.1:9090", show_default=True, help="Where Prometheus answers.")
@click.option("--alertmanager", default="http://127.0.0.1:9093", show_default=True, help="Where Alertmanager answers.")
@click.option("--receiver", default="http://127.0.0.1:9095", show_default=True, help="Where the receiver answers.")
@click.option(
    "--dashboards",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of dashboards as JSON; the generated ones unless given.",
)
def console(port: int, host: str, prometheus: str, alertmanager: str, receiver: str, dashboards: Path | None) -> None:
    """Show dashboards, alerts and targets as a web page; it reads, and changes nothing."""
    import uvicorn

    import dashboards as package
    from servewatch.console import create_console

    folder = dashboards or Path(package.__file__).parent / "generated"
    app = create_console(prometheus, alertmanager, receiver, folder)
    with _listening(host, port) as listener:
        if host not in _LOOPBACK:
            print(f"warning: whoever reaches {host}:{port} can read every metric of {prometheus}", flush=True)
        shown = f"[{host}]" if ":" in host else host
        print(f"console: http://{shown}:{listener.getsockname()[1]}/", flush=True)
        uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off")).run(
            sockets=[listener]
        )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        help = f"stop what listens there, or: servewatch console --port {port + 1}"
        raise PortTaken(f"the console cannot listen on {host}:{port}: {error.strerror}", help) from None
