"""monitoring/OWN.md: what the guide shows, runs and does what it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from prometheus_client import REGISTRY, CollectorRegistry
from starlette.testclient import TestClient

import monitoring
from monitoring import instrument
from monitoring.instrument import NAME
from serving import create_app
from tests.servewatch.stack.stacks import wait_for

GUIDE = Path(monitoring.__file__).parent / "OWN.md"


@pytest.fixture(scope="module")
def shown() -> list[dict[str, Any]]:
    """The names that each of the guide's blocks of code leaves, in their order."""
    found = []
    for at, code in enumerate(re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)):
        module = sys.modules[f"guide_{at}"] = ModuleType(f"guide_{at}")
        exec(compile(code, "OWN.md", "exec"), module.__dict__)
        found.append(module.__dict__)
    return found


def test_the_shop_counts_what_it_takes(shown: list[dict[str, Any]]) -> None:
    """Orders are counted by kind and outcome with the service's name, and are there at 0 before."""
    registry = CollectorRegistry()
    named = {"service": "shop", "version": "0.1.0"}

    def orders(kind: str, outcome: str) -> float | None:
        return registry.get_sample_value("orders_total", {"kind": kind, "outcome": outcome, **named})

    with TestClient(create_app(shown[0]["Shop"], registry=registry)) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        before = orders("disc", "refused")
        assert client.post("/order", json={"kind": "disc", "items": 20, "baskets": 3}).text == "refused"
        assert client.post("/order", json={"kind": "book"}).text == "ok"
    assert before is not None
    assert orders("disc", "refused") == before + 1
    assert registry.get_sample_value("picking_seconds_count", named) >= 2
    assert registry.get_sample_value("open_baskets", named) == 1


def test_one_line_is_enough_for_an_app_of_fastapi_and_of_flask(shown: list[dict[str, Any]]) -> None:
    """Both answer their own route and ours, and count by route in the process's usual registry."""
    clients = (TestClient(shown[1]["app"]), shown[2]["app"].test_client())
    for client, service, endpoint in zip(
        clients, ("shop", "old_shop"), ("/orders/{id}", "/orders/<int:id>"), strict=True
    ):
        assert client.get("/orders/7").text.replace(" ", "").strip() == '{"id":7}'
        assert client.get("/readyz").status_code == 200
        assert f'endpoint="{endpoint}",service="{service}"' in client.get("/metrics").text
    labels = {"service": "shop", "version": "1.2", "endpoint": "/orders/{id}", "code": "200"}
    assert REGISTRY.get_sample_value("servewatch_requests_total", labels) == 1


def test_every_option_of_the_call_and_of_the_declarations_is_told(shown: list[dict[str, Any]]) -> None:
    """The guide names each argument of instrument, Panel and Alert, and everything that can be compared."""
    text = GUIDE.read_text()
    own = monitoring.own
    names = [*own.Panel.__dataclass_fields__, *own.Alert.__dataclass_fields__, "limit="]
    assert [name for name in names if name not in text] == []
    arguments = ("ready=", "metrics_port=", "processes=", "service=", "version=", "health=", "metrics_path=")
    assert [argument for argument in arguments if argument not in text] == []
    assert {name.rstrip("=") for name in arguments} <= instrument.__kwdefaults__.keys()
    assert shown[1]["app"].__dict__[NAME] == "shop"
