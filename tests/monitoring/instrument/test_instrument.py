"""monitoring/instrument: one call, and what it refuses."""

from __future__ import annotations

import urllib.request

import pytest
from fastapi import FastAPI
from flask import Flask
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.testclient import TestClient

from monitoring import instrument
from monitoring.exposition import PortTaken
from monitoring.instrument import NAME, InstrumentInvalid
from tests.servewatch.stack.stacks import free_port


def named(app: object, **given: str) -> dict[str, str]:
    """The labels that all of an app's metrics have."""
    registry = CollectorRegistry()
    instrument(app, registry=registry, **given)  # type: ignore[arg-type]
    (sample,) = [s for f in registry.collect() for s in f.samples if s.name == "servewatch_requests_total"]
    return {name: sample.labels[name] for name in ("service", "version")}


def test_the_app_is_given_back_and_knows_its_name() -> None:
    """`app = instrument(app)` and `instrument(app)` do the same."""
    app = FastAPI(title="The Shop", version="3.1")
    assert instrument(app, registry=CollectorRegistry()) is app
    assert getattr(app, NAME) == "the_shop"


def test_the_name_is_the_apps_own_unless_given() -> None:
    """FastAPI's title, Flask's name; the usual title says nothing, and Starlette has none."""
    assert named(FastAPI(title="The Shop", version="3.1")) == {"service": "the_shop", "version": "3.1"}
    assert named(Flask("shops.old")) == {"service": "old", "version": "0"}
    assert named(Starlette()) == {"service": "unknown", "version": "0"}
    assert named(FastAPI(), service="mine", version="9") == {"service": "mine", "version": "9"}


@pytest.mark.parametrize("app", [object(), lambda scope, receive, send: None])
def test_another_app_is_refused_with_what_is_accepted(app: object) -> None:
    """The error names the three frameworks."""
    with pytest.raises(InstrumentInvalid, match="FastAPI, Starlette or Flask"):
        instrument(app, registry=CollectorRegistry())


def test_once_is_enough_and_late_is_too_late() -> None:
    """Twice would count twice; after the first request middleware stands already."""
    app = instrument(FastAPI(), registry=CollectorRegistry())
    with pytest.raises(InstrumentInvalid, match="instrumented already"):
        instrument(app)
    late = FastAPI()
    TestClient(late).get("/")
    with pytest.raises(InstrumentInvalid, match="has answered already"):
        instrument(late, registry=CollectorRegistry())


def test_metrics_can_be_on_a_port_of_their_own() -> None:
    """The page is on the port too, and a port that is taken is an error that names it."""
    port = free_port()
    instrument(Flask("shop"), registry=CollectorRegistry(), metrics_port=port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        assert b"servewatch_requests_total" in page.read()
    with pytest.raises(PortTaken, match=f"port {port}"):
        instrument(Flask("shop"), registry=CollectorRegistry(), metrics_port=port)
