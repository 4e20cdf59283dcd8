"""What a service of one's own needs in containers; that they take it is tested end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servewatch.stack import dotenv, owned
from servewatch.stack.compose import Compose, record_path, remembered
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options
from servewatch.stack.state import write_json
from servewatch.watched import RULES

ROOT = Path(__file__).parents[3]
SHOP = """
from serving import api, service

@service(name="shop", version="2.0.0", slos=["availability 99.5%"])
class Shop:
    @api
    async def order(self, kind: str) -> str:
        return kind
"""
IMAGE = {owned.IMAGE: "shop:2.0.0"}


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    """A folder with a user's module, and a home beside it."""
    (tmp_path / "shop.py").write_text(SHOP)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Options(tmp_path / "home", "shop:Shop")


def test_what_watches_the_service_is_made_and_named(options: Options, tmp_path: Path) -> None:
    """The variables name the service, its files and no traffic; the files are what the containers need."""
    said: list[str] = []
    found = owned.variables(options, tmp_path, IMAGE, said.append)
    watched = options.folder / "watched"
    assert found == {owned.SERVICE: "shop:Shop", owned.TRAFFIC: "0", dotenv.FOLDER: str(watched)}
    dotenv.check_generated(watched)
    assert "vector(0.995)" in (watched / RULES / "slo.rules.yml").read_text()
    assert str(watched) in said[0]


def test_what_env_names_is_used_as_it_is(options: Options, tmp_path: Path) -> None:
    """An image and files that somebody made are neither made again nor put aside."""
    given = IMAGE | {dotenv.FOLDER: "./watched"}
    found = owned.variables(options, tmp_path, given, [].append)
    assert found == {owned.SERVICE: "shop:Shop", owned.TRAFFIC: "0"}
    assert not options.home.exists()


def test_the_bundle_for_the_image_is_of_this_folder(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an engine the error leaves a bundle with its Dockerfile, and no other from before."""
    (options.folder / "bundles" / "shop-1.0.0").mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="docker is not on PATH"):
        owned.variables(options, tmp_path, {dotenv.FOLDER: "./watched"}, [].append)
    (bundle,) = (options.folder / "bundles").iterdir()
    assert json.loads((bundle / "bundle.json").read_text())["target"] == "shop:Shop"
    assert (bundle / "src" / "shop.py").is_file()
    assert (bundle / "Dockerfile").is_file()


def test_a_service_that_cannot_be_imported_is_told_by_its_own_error(
    options: Options, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with the module stands above, and what failed in the error."""
    (tmp_path / "shop.py").write_text("import nowhere\n")
    with pytest.raises(StackError, match="servewatch generate of shop:Shop failed, see above"):
        owned.variables(options, tmp_path, IMAGE, [].append)
    assert "No module named 'nowhere'" in capfd.readouterr().err


def test_variables_of_the_process_are_above_those_of_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Compose has it; an empty one says nothing."""
    (tmp_path / ".env").write_text(f"{owned.IMAGE}=written:1\n{owned.SERVICE}=written:Written\n")
    monkeypatch.setenv(owned.IMAGE, "told:1")
    monkeypatch.setenv(owned.SERVICE, "")
    found = owned.environment(tmp_path)
    assert (found[owned.IMAGE], found[owned.SERVICE]) == ("told:1", "written:Written")


def test_what_watched_the_old_version_is_back_where_the_new_one_is_not_ready(tmp_path: Path, options: Options) -> None:
    """Files and the name of the image are as before, new files are gone, and the folder is the one that is mounted."""
    folder = owned.watched(options)
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "own.yml").write_text("old")
    inode = folder.stat().st_ino
    made = {owned.SERVICE: "shop:Shop", owned.IMAGE: "shop:1.0.0"}
    write_json(record_path(options), {"folder": str(tmp_path), "environment": made})

    class Built(Compose):
        def build(self) -> None:
            (folder / "rules" / "own.yml").write_text("new")
            (folder / "rules" / "more.yml").write_text("new")
            self._write(made | {owned.IMAGE: "shop:2.0.0"})

    told = pytest.raises(StackError, match="did not become ready")
    with told, Built(options, tmp_path, [].append).renewed():
        raise StackError("a new serving container did not become ready", "")
    assert {path.name: path.read_text() for path in (folder / "rules").iterdir()} == {"own.yml": "old"}
    assert folder.stat().st_ino == inode
    assert remembered(options)[1] == made


def test_an_image_that_has_a_name_is_not_built_over(tmp_path: Path) -> None:
    """`servewatch update` would make the demo's image under the name of somebody's own: it says so and does not."""
    (tmp_path / ".env").write_text(f"{owned.IMAGE}=shop:2.0.0\n")
    said: list[str] = []
    Compose(Options(tmp_path / "home"), tmp_path, said.append).build()
    assert said == [f"the image is shop:2.0.0, as {owned.IMAGE} says: it is not built here"]
    assert remembered(Options(tmp_path / "home")) == (None, {})
