"""The store as the page gets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from monitoring.reference import Feature, Reference
from servewatch.console import create_console
from serving.store import Store

NOBODY = "http://127.0.0.1:9"
AGE = Feature("age", "input", counts=(1, 5, 2, 0), edges=(20.0, 60.0))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with two versions of a model, the newer one with a reference."""
    torch = pytest.importorskip("torch")
    found, double = Store(tmp_path / "models"), torch.nn.Identity()
    found.save("double:1", double, labels={"team": "a"}, metadata={"accuracy": 0.9})
    found.save("double:2", double, reference=Reference((AGE,)))
    return found


@pytest.fixture
def client(store: Store, tmp_path: Path) -> TestClient:
    """A console over that store."""
    return TestClient(create_console(NOBODY, NOBODY, NOBODY, tmp_path, store=store))


def test_versions_are_listed_newest_first(client: TestClient) -> None:
    """Each version has its labels, its metadata, whether it is the latest, and its reference's hash."""
    newer, older = client.get("/api/models").json()
    assert (newer["version"], newer["latest"], newer["reference"]) == ("2", True, Reference((AGE,)).hash)
    assert (older["version"], older["latest"], older["reference"]) == ("1", False, None)
    assert (older["labels"], older["metadata"]) == ({"team": "a"}, {"accuracy": 0.9})


def test_one_version_tells_its_bins(client: TestClient) -> None:
    """The reference's features come with their edges and the names of their bins."""
    learnt = client.get("/api/models/double/2").json()["learnt"]
    assert learnt["features"][0]["edges"] == [20.0, 60.0]
    assert learnt["features"][0]["bins"] == ["00", "01", "02", "missing"]
    assert client.get("/api/models/double/1").json()["learnt"] is None


def test_unknown_version_names_the_known(client: TestClient) -> None:
    """A version that the store does not have is 404, with those that it has."""
    answer = client.get("/api/models/double/3")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].endswith("it has '1', '2'")


def test_no_store_is_no_model(tmp_path: Path) -> None:
    """Where nobody has saved a model the list is empty."""
    app = create_console(NOBODY, NOBODY, NOBODY, tmp_path, store=Store(tmp_path / "nowhere"))
    assert TestClient(app).get("/api/models").json() == []
