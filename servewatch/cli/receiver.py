"""`servewatch receiver`: shows the notifications that Alertmanager sends."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--port", default=9095, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Keep them here over a restart.")
@click.option("--console", default="", help="Where the console answers people: the page then leads there.")
def receiver(port: int, host: str, file: Path | None, console: str) -> None:
    """Receive notifications from Alertmanager (POST /alerts) and show them as a page and as JSON."""
    import uvicorn

    from servewatch.receiver import Book, receiver_app

    if console and not console.startswith(("http://", "https://")):
        raise click.BadParameter(f"{console!r} is no web address: http://127.0.0.1:3002", param_hint="--console")
    print(f"notifications: http://{host}:{port}/", flush=True)
    app = receiver_app(Book(file), console=console)
    uvicorn.run(app, host=host, port=port, access_log=False, log_level="warning", lifespan="off")
