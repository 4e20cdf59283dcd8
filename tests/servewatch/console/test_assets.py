"""The built page is there, is fresh, is small, and can draw what we generate."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import dashboards
from servewatch.console.assets import FILES, FOLDER, STATIC, sources_hash

REBUILD = "run `npm ci && npm run build` in servewatch/console"
NODE = pytest.mark.skipif(
    not shutil.which("node") or not (FOLDER / "node_modules").is_dir(),
    reason="no Node, or no node_modules: run `npm ci` in servewatch/console",
)
GENERATED = sorted((Path(dashboards.__file__).parent / "generated").glob("*.json"))
SAMPLE = Path(__file__).parent / "sample.json"


def test_assets_are_there() -> None:
    """Everything that the page consists of is shipped."""
    assert sorted(file.name for file in STATIC.iterdir()) == sorted(FILES)


def test_page_was_built_from_these_sources() -> None:
    """An edit to a source without a build is noticed, also where there is no Node."""
    assert (STATIC / "BUILD").read_text().strip() == sources_hash(), REBUILD


def test_page_is_small() -> None:
    """First load, compressed, is under 150 kB: script, style, page and typeface together."""
    sizes = {name: len(gzip.compress((STATIC / name).read_bytes())) for name in ("app.js", "style.css", "index.html")}
    typeface = (STATIC / "inter-latin-wght-normal.woff2").stat().st_size
    assert sum(sizes.values()) + typeface < 150_000, sizes


def test_licences_of_others_are_shipped() -> None:
    """What comes from others is named with its licence."""
    text = (STATIC / "LICENSES.txt").read_text()
    assert "uPlot" in text
    assert "MIT License" in text
    assert "SIL OPEN FONT LICENSE" in text.upper()


def test_lock_file_names_no_host() -> None:
    """The lock file pins versions and hashes, and no address of a package registry."""
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


@NODE
def test_build_gives_the_same_page(tmp_path: Path) -> None:
    """A build of the sources gives the committed files, byte for byte."""
    subprocess.run(["node", "build.mjs", "--out", str(tmp_path)], cwd=FOLDER, check=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        file.name: file.read_bytes() for file in STATIC.iterdir()
    }, REBUILD


@NODE
def test_scripts_pass_their_own_tests() -> None:
    """The page's sources are sound by their types, and their tests pass in Node."""
    types = subprocess.run(["node_modules/.bin/tsc", "--noEmit"], cwd=FOLDER, capture_output=True, text=True)
    assert (types.returncode, types.stdout) == (0, "")
    tests = subprocess.run(["node", "build.mjs", "--test"], cwd=FOLDER, capture_output=True, text=True)
    assert tests.returncode == 0, tests.stdout


def _panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for panel in dashboard["panels"] for one in (panel, *panel.get("panels", []))]


def _used(dashboard: dict[str, Any]) -> dict[str, set[str]]:
    panels = _panels(dashboard)
    fields = [panel.get("fieldConfig", {}) for panel in panels]
    overrides = [one for field in fields for one in field.get("overrides", [])]
    set_by_override = [(item["id"], item.get("value")) for one in overrides for item in one["properties"]]
    mappings = [one for field in fields for one in field.get("defaults", {}).get("mappings", [])]
    mappings += [one for name, value in set_by_override if name == "mappings" for one in value]
    calcs = [calc for panel in panels for calc in panel.get("options", {}).get("reduceOptions", {}).get("calcs", [])]
    legends = [panel.get("options", {}).get("legend") or {} for panel in panels]
    targets = [target for panel in panels for target in panel.get("targets", [])]
    return {
        "panels": {panel["type"] for panel in panels},
        "units": {field.get("defaults", {}).get("unit", "none") for field in fields}
        | {value for name, value in set_by_override if name == "unit"},
        "reducers": {*calcs, *(calc for legend in legends for calc in legend.get("calcs", []))},
        "transformations": {step["id"] for panel in panels for step in panel.get("transformations", [])},
        "matchers": {one["matcher"]["id"] for one in overrides},
        "mappings": {one["type"] for one in mappings},
        "variables": {one["type"] for one in dashboard["templating"]["list"]},
        "formats": {target.get("format", "time_series") for target in targets},
    }


@pytest.mark.parametrize("file", [*GENERATED, SAMPLE], ids=lambda file: file.stem)
def test_dashboards_use_what_the_console_draws(file: Path) -> None:
    """No generated dashboard has a panel, unit, reducer, transformation, matcher or variable that the console lacks."""
    profile = json.loads((STATIC / "profile.json").read_text())
    used = _used(json.loads(file.read_text()))
    assert [f"{kind}: {name}" for kind, names in used.items() for name in names - set(profile[kind])] == []
