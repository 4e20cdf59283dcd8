"""Ports: taken and doubled ones are found before anything starts."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from servewatch.stack.errors import PortsInvalid, PortTaken
from servewatch.stack.ports import HOST, Ports, around, check, free


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen()
        yield listening


def test_taken_port_is_named_with_who_needs_it_and_its_flag(listener: socket.socket) -> None:
    """The error names the port, what needs it, and the flag that chooses another."""
    port = listener.getsockname()[1]
    with pytest.raises(PortTaken) as error:
        check(Ports(prometheus=port), ["prometheus"])
    assert f"port {port} is taken, and Prometheus needs it" in error.value.message
    assert "--prometheus-port" in error.value.help


def test_every_taken_port_is_named_at_once(listener: socket.socket) -> None:
    """Two taken ports are one error with both, so that nobody has to try again and again."""
    with socket.socket() as second:
        second.bind((HOST, 0))
        second.listen()
        ports = Ports(service=listener.getsockname()[1], receiver=second.getsockname()[1])
        with pytest.raises(PortTaken) as error:
            check(ports, ["service", "receiver"])
    assert str(ports.service) in error.value.message
    assert str(ports.receiver) in error.value.message
    assert "--port" in error.value.help
    assert "--receiver-port" in error.value.help


def test_same_port_twice_is_wrong_usage() -> None:
    """Two processes with one port are refused with both their names."""
    with pytest.raises(PortsInvalid, match="port 23999 is given twice, for Prometheus and the receiver"):
        check(Ports(prometheus=23999, receiver=23999), ["prometheus", "receiver"])


def test_free_sees_a_listener(listener: socket.socket) -> None:
    """A port is free only while nobody listens on it."""
    port = listener.getsockname()[1]
    assert not free(port)
    listener.close()
    assert free(port)


def test_defaults_are_those_of_the_contract() -> None:
    """The ports that users know are the defaults."""
    ports = Ports()
    assert (ports.service, ports.metrics, ports.console, ports.grafana) == (3000, 9464, 3002, 3001)
    assert (ports.prometheus, ports.alertmanager, ports.receiver) == (9090, 9093, 9095)
    assert ports.url("prometheus", "/-/ready") == "http://127.0.0.1:9090/-/ready"


def test_another_port_is_taken_where_that_was_asked_for(listener: socket.socket) -> None:
    """A port that is taken or given twice is replaced by a free one; the others stay."""
    taken, kept = listener.getsockname()[1], free_one()
    chosen = around(Ports(service=taken, receiver=kept, console=kept), ["service", "receiver", "console"])
    assert chosen.receiver == kept
    assert len({chosen.service, chosen.receiver, chosen.console, taken}) == 4
    check(chosen, ["service", "receiver", "console"])


def free_one() -> int:
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        port: int = trial.getsockname()[1]
    return port
