"""The READMEs say what is true: their code runs, their commands, targets and files are there."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path

import pytest
from PIL import Image
from prometheus_client import REGISTRY, CollectorRegistry
from starlette.testclient import TestClient

from servewatch.cli import COMMANDS
from serving import create_app
from tests.servewatch.stack.stacks import wait_for

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", *sorted(p for p in ROOT.glob("*/README.md") if p.parent.name != ".venv")]


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), re.DOTALL)


def ready(client: TestClient) -> bool:
    return client.get("/readyz").status_code == 200


def test_the_service_in_twenty_lines_serves() -> None:
    """The README's service answers the README's request as the README says."""
    (code,) = blocks(ROOT / "README.md", "python")
    assert len(code.strip().splitlines()) <= 20
    names: dict[str, object] = {"__name__": "iris"}
    exec(compile(code, "README.md", "exec"), names)
    with TestClient(create_app(names["Iris"], registry=CollectorRegistry())) as client:
        wait_for(lambda: ready(client))
        assert client.post("/classify", json=[5.1, 3.5, 1.4, 0.2]).json() == "setosa"
        assert client.post("/classify", json=[[5.1, 3.5, 1.4, 0.2], [6, 3, 5.1, 2]]).json() == ["setosa", "virginica"]
        assert "got (3,)" in client.post("/classify", json=[1, 2, 3]).json()["error"]["message"]


@cache
def guide() -> dict[str, object]:
    """What the guide for users defines, block after block."""
    names: dict[str, object] = {"__name__": "helper"}
    for code in blocks(ROOT / "serving" / "WRITING.md", "python"):
        exec(compile(code, "WRITING.md", "exec"), names)
    return names


def test_the_service_of_the_guide_serves() -> None:
    """What the guide for users writes is served as it says, its own metric included."""
    names = guide()
    picture = io.BytesIO()
    Image.new("L", (4, 4), 5).save(picture, "PNG")
    with TestClient(create_app(names["Helper"], registry=CollectorRegistry())) as client:
        wait_for(lambda: ready(client))
        warmed = REGISTRY.get_sample_value("dark_pictures_total") or 0.0
        assert client.post("/words", json={"text": "a b c d"}).json() == ["a", "b", "c"]
        answer = client.post("/brightness?scale=2", content=picture.getvalue(), headers={"Content-Type": "image/png"})
        assert answer.json() == 10.0
    assert REGISTRY.get_sample_value("dark_pictures_total") == warmed + 1


def test_the_own_route_of_the_guide_answers_and_is_described() -> None:
    """A user's router beside the endpoints reaches the service's batches, and is on /openapi.json."""
    with TestClient(create_app(guide()["Halves"], registry=CollectorRegistry())) as client:
        wait_for(lambda: ready(client))
        assert client.get("/reports/three").json() == {"three": 2.5}
        assert client.post("/halve", json=[3, 5]).json() == [1.5, 2.5]
        assert "/reports/{name}" in client.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_targets_are_there(path: Path) -> None:
    """Each `servewatch X` is a command and each `make X` a target."""
    shown = "\n".join(_code(path.read_text()))
    for name in re.findall(r"\bservewatch (?!up --)([a-z]+)", shown):
        assert name in COMMANDS, f"{path.name} names the command {name!r}"
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for name in re.findall(r"\bmake ([a-z]+)", shown):
        assert name in targets, f"{path.name} names the target {name!r}"


def _code(text: str) -> list[str]:
    return [a or b for a, b in re.findall(r"```(?:sh|console)\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)]


@pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file that is there."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_command_is_named_in_a_readme() -> None:
    """No command is a secret."""
    text = "\n".join(path.read_text() for path in READMES)
    assert not [name for name in COMMANDS if f"servewatch {name}" not in text]
