"""The ports of a stack, and whether they are free."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace

from servewatch.stack.errors import PortsInvalid, PortTaken

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each process of the stack listens."""

    service: int = 3000
    metrics: int = 9464
    prometheus: int = 9090
    alertmanager: int = 9093
    receiver: int = 9095
    console: int = 3002
    grafana: int = 3001

    @staticmethod
    def flag(name: str) -> str:
        """The flag of `servewatch up` that changes a port."""
        return "--port" if name == "service" else f"--{name}-port"

    def url(self, name: str, path: str = "") -> str:
        """The address of a process of the stack."""
        return f"http://{HOST}:{getattr(self, name)}{path}"


NEEDED_BY = {
    "service": "the service",
    "metrics": "the service's /metrics",
    "prometheus": "Prometheus",
    "alertmanager": "Alertmanager",
    "receiver": "the receiver of notifications",
    "console": "the console",
    "grafana": "Grafana",
}


def check(ports: Ports, names: Iterable[str]) -> None:
    """Raise where one of these ports is given twice or is taken; the message names all of them."""
    chosen: dict[int, str] = {}
    for name in names:
        port = getattr(ports, name)
        if port in chosen:
            both = f"{NEEDED_BY[chosen[port]]} and {NEEDED_BY[name]}"
            raise PortsInvalid(f"port {port} is given twice, for {both}", f"give another with {Ports.flag(name)} PORT")
        chosen[port] = name
    taken = {port: name for port, name in chosen.items() if not free(port)}
    if taken:
        told = "; ".join(f"port {port} is taken, and {NEEDED_BY[name]} needs it" for port, name in taken.items())
        flags = " ".join(f"{Ports.flag(name)} {suggestion(chosen)}" for name in taken.values())
        raise PortTaken(told, f"end what listens there, or choose others: servewatch up {flags} (or --free-ports)")


def around(ports: Ports, names: Iterable[str]) -> Ports:
    """The same ports, with another in place of each that is taken."""
    chosen: dict[int, str] = {}
    for name in names:
        port = getattr(ports, name)
        if port in chosen or not free(port):
            port = suggestion(chosen)
        chosen[port] = name
    return replace(ports, **{name: port for port, name in chosen.items()})


def free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as trial:
        # As servers do: a connection that lingers from an earlier run is no hindrance.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
            trial.listen(1)
        except OSError:
            return False
    return True


def suggestion(chosen: dict[int, str]) -> int:
    """A port that is free and not one of these."""
    while True:
        with socket.socket() as trial:
            trial.bind((HOST, 0))
            port: int = trial.getsockname()[1]
        if port not in chosen:
            chosen[port] = "suggested"
            return port
