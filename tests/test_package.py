"""What a user gets from the package index: five packages with their data, and no more dependencies than needed."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"monitoring", "serving", "alerts", "dashboards", "servewatch"}
DATA = [
    "alerts/generated/requests.rules.yml",
    "alerts/generated/alertmanager.yml",
    "alerts/runbook.md",
    "dashboards/generated/service.json",
    "dashboards/provisioning/datasources/prometheus.yml",
    "servewatch/console/static/app.js",
    "servewatch/stack/generated/prometheus.yml",
    *(f"{package}/py.typed" for package in PACKAGES),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_holds_the_five_packages_and_their_data(wheel: zipfile.ZipFile) -> None:
    """Generated rules, dashboards and the console's page travel with the code; nothing else is installed."""
    names = wheel.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == PACKAGES
    assert [name for name in DATA if name not in names] == []
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_a_bare_install_pulls_nothing_heavy(wheel: zipfile.ZipFile) -> None:
    """Without an extra, neither torch nor evidently nor what only generating needs is required."""
    name = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
    required = re.findall(r"^Requires-Dist: ([A-Za-z0-9_.-]+)(.*)$", wheel.read(name).decode(), re.MULTILINE)
    bare = {package.lower() for package, rest in required if "extra ==" not in rest}
    assert bare.isdisjoint({"torch", "evidently", "grafanalib", "promql-parser", "scikit-learn", "pandas", "scipy"})


def test_every_dependency_has_an_exact_version() -> None:
    """The constraints file pins each dependency that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [need for needs in project["optional-dependencies"].values() for need in needs]
    named = {re.split(r"[\[<>=; ]", need)[0].lower() for need in [*project["dependencies"], *extras]} - {"servewatch"}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    assert sorted(named - pinned) == []
