"""Prometheus and Alertmanager: found where they are, else said where to get them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from servewatch.stack import tools
from servewatch.stack.errors import ToolMissing


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_own_folder_comes_before_path(tmp_path: Path) -> None:
    """A program in the folder of tools wins over one on PATH."""
    own, other = executable(tmp_path / "tools" / "prometheus"), executable(tmp_path / "bin" / "prometheus")
    path = str(tmp_path / "bin")
    assert tools.find(tools.PROMETHEUS, [tmp_path / "tools"], path) == str(own)
    assert tools.find(tools.PROMETHEUS, [tmp_path / "nothing"], path) == str(other)
    assert tools.find(tools.PROMETHEUS, [], str(tmp_path / "nothing")) is None


def test_alertmanager_has_two_names(tmp_path: Path) -> None:
    """Debian's name for Alertmanager is found as well as its own."""
    debian = executable(tmp_path / "prometheus-alertmanager")
    assert tools.find(tools.ALERTMANAGER, [], str(tmp_path)) == str(debian)
    own = executable(tmp_path / "alertmanager")
    assert tools.find(tools.ALERTMANAGER, [], str(tmp_path)) == str(own)


def test_missing_tools_are_told_with_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing may be installed, the error names what is missing and the command for each system."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing) as error:
        tools.ensure(tmp_path / "tools", print)
    assert error.value.message.startswith("prometheus and alertmanager not found on PATH or in")
    for words in ("sudo apt-get install", "sudo dnf install", "brew install", str(tmp_path / "tools")):
        assert words in error.value.help


def test_services_are_kept_from_starting(tmp_path: Path) -> None:
    """While packages are installed a policy forbids their services to start; afterwards it is gone."""
    policy = tmp_path / "policy-rc.d"
    with tools.no_services(policy):
        assert subprocess.run([str(policy)]).returncode == 101
    assert not policy.exists()


def test_policy_that_is_there_is_kept(tmp_path: Path) -> None:
    """A policy of the machine's administrator is neither changed nor removed."""
    policy = executable(tmp_path / "policy-rc.d")
    with tools.no_services(policy):
        assert policy.read_text() == "#!/bin/sh\n"
    assert policy.read_text() == "#!/bin/sh\n"


def test_policy_goes_when_the_installation_fails(tmp_path: Path) -> None:
    """The policy does not stay behind where something goes wrong."""
    policy = tmp_path / "policy-rc.d"
    with pytest.raises(RuntimeError, match="no room"):
        with tools.no_services(policy):
            raise RuntimeError("no room")
    assert not policy.exists()


APT = """#!/bin/sh
echo "$@" >> {log}
test -x {policy} || exit 3
case "$1" in
  update) touch {lists} ;;
  install) test -e {lists} || {{ echo "E: no lists"; exit 100; }}; {install} ;;
esac
"""


def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: str) -> Path:
    """An apt-get of our own on PATH, which writes down what it is asked."""
    log, folder = tmp_path / "asked", tmp_path / "bin"
    script = executable(folder / "apt-get")
    places = {"log": log, "policy": tmp_path / "policy-rc.d", "lists": tmp_path / "lists", "install": install}
    script.write_text(APT.format(**places))
    monkeypatch.setenv("PATH", f"{folder}:{os.defpath}")
    return log


def test_lists_are_updated_where_they_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation is tried, the lists are fetched where it fails, and it is tried again; the policy holds."""
    log = apt(tmp_path, monkeypatch, "exit 0")
    tools.install(tools.TOOLS, [].append, tmp_path / "policy-rc.d")
    install = "install -y -q --no-install-recommends prometheus prometheus-alertmanager"
    assert log.read_text().splitlines() == [install, "update -q", install]


def test_failed_installation_shows_what_apt_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where apt-get cannot install, its last words are in the error."""
    apt(tmp_path, monkeypatch, "echo 'E: Unable to locate package'; exit 100")
    with pytest.raises(ToolMissing, match=r"(?s)failed with exit code 100.*Unable to locate package"):
        tools.install([tools.PROMETHEUS], [].append, tmp_path / "policy-rc.d")
