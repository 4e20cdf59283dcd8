from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from serving.sbom import bill

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u14

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1:1.0
"""


def test_every_installed_package_is_named_with_its_version(tmp_path: Path) -> None:
    """Packages have the package URLs that scanners look up; our own is what the bill is of."""
    told = bill(debian=tmp_path / "none")
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert told["metadata"]["component"]["name"] == "servewatch"
    assert f"pkg:pypi/pydantic@{version('pydantic')}" in [part["purl"] for part in told["components"]]
    references = [part["bom-ref"] for part in told["components"]]
    assert len(set(references)) == len(references)


def test_debians_packages_are_told_where_its_list_is(tmp_path: Path) -> None:
    """What dpkg has installed is there; what was removed is not."""
    (tmp_path / "status").write_text(STATUS)
    purls = [part["purl"] for part in bill([], tmp_path / "status")["components"]]
    assert purls == ["pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64"]


def test_the_same_environment_gives_the_same_bill(tmp_path: Path) -> None:
    """Nothing in it depends on when it was made; another package gives it another number."""
    (tmp_path / "status").write_text(STATUS)
    assert bill([], tmp_path / "status") == bill([], tmp_path / "status")
    assert bill([], tmp_path / "status")["serialNumber"] != bill([], tmp_path / "none")["serialNumber"]
