"""`servewatch console`: the web console against any Prometheus and Alertmanager."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

import click

from servewatch.cli.stack import home_option, resolve_home
from servewatch.stack.errors import PortTaken
from serving.settings import Settings

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
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the token that readers need; beyond this machine one is made at each start unless given.",
)
@home_option
def console(
    port: int,
    host: str,
    prometheus: str,
    alertmanager: str,
    receiver: str,
    dashboards: Path | None,
    token_file: Path | None,
    home: Path | None,
) -> None:
    """Show dashboards, models, drift, alerts and targets as a web page; it changes nothing but silences."""
    import uvicorn

    import dashboards as package
    from servewatch.console import create_console
    from servewatch.windows import chosen
    from serving.store import Store

    folder = dashboards or Path(package.__file__).parent / "generated"
    settings = Settings.load(home=resolve_home(home))
    token = _token(host, token_file)
    servers = (prometheus, alertmanager, receiver)
    app = create_console(
        *servers,
        folder,
        store=Store(settings.store),
        windows=chosen(settings),
        token=token,
        traces=settings.trace_url,
    )
    with _listening(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        # A token that somebody chose is not for logs.
        end = "" if not token else "?token=…" if token_file else f"?token={token}"
        print(f"console: http://{shown}:{listener.getsockname()[1]}/{end}", flush=True)
        uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off")).run(
            sockets=[listener]
        )


def _token(host: str, file: Path | None) -> str:
    from servewatch.console.errors import TokenInvalid
    from servewatch.console.guard import SHORTEST

    if file is None:
        return "" if host in _LOOPBACK else secrets.token_urlsafe(24)
    token = file.read_text(encoding="utf-8", errors="replace").strip()
    if len(token) < SHORTEST or not token.isascii() or len(token.split()) != 1:
        said = f"{file} holds no token of {SHORTEST} letters or more, without spaces"
        raise TokenInvalid(said, f"python3 -c 'import secrets; print(secrets.token_urlsafe(24))' > {file}")
    return token


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        help = f"stop what listens there, or: servewatch console --port {port + 1}"
        raise PortTaken(f"the console cannot listen on {host}:{port}: {error.strerror}", help) from None
