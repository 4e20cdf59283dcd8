"""Prometheus and Alertmanager on this machine: found, installed where we may, else what to type."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from servewatch.stack.errors import ToolMissing
from serving.settings import inherited_environment

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian asks this script before a package starts its service; where it is missing, everything starts."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that others make and the stack runs."""

    name: str
    names: tuple[str, ...]
    package: str


PROMETHEUS = Tool("prometheus", ("prometheus",), "prometheus")
ALERTMANAGER = Tool("alertmanager", ("alertmanager", "prometheus-alertmanager"), "prometheus-alertmanager")
TOOLS = (PROMETHEUS, ALERTMANAGER)

ADVICE = """install them, then run this again:
  Debian, Ubuntu  sudo apt-get install --no-install-recommends prometheus prometheus-alertmanager
  Fedora          sudo dnf install golang-github-prometheus golang-github-prometheus-alertmanager
  macOS           brew install prometheus; and alertmanager as below
  elsewhere       put the programs `prometheus` and `alertmanager` of https://prometheus.io/download/ into {folder}
or use containers: servewatch up --compose"""


def find(tool: Tool, folders: Sequence[Path] = (), path: str | None = None) -> str | None:
    """Where the program is: in one of these folders, else on PATH."""
    for where in [*map(str, folders), path]:
        for name in tool.names:
            found = shutil.which(name, path=where)
            if found:
                return found
    return None


def ensure(folder: Path, say: Callable[[str], None]) -> dict[str, str]:
    """The path of each program by its name; installs what is missing where this machine lets us."""
    missing = [tool for tool in TOOLS if not find(tool, [folder])]
    if missing and may_install():
        install(missing, say)
    found = {tool.name: find(tool, [folder]) for tool in TOOLS}
    absent = [name for name, path in found.items() if not path]
    if absent:
        raise ToolMissing(f"{' and '.join(absent)} not found on PATH or in {folder}", ADVICE.format(folder=folder))
    return {name: path for name, path in found.items() if path}


def may_install() -> bool:
    """Whether this is a Debian-like system and we are its administrator."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(tools: Sequence[Tool], say: Callable[[str], None], policy: Path = POLICY) -> None:
    """Install packages with apt, without letting them start services of their own."""
    packages = [tool.package for tool in tools]
    get = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    say(f"installing {' and '.join(packages)} with apt-get (once)")
    with no_services(policy):
        if _run(get).returncode == 0:
            return
        # The usual reason is that the lists of packages are missing or old.
        _run(["apt-get", "update", "-q"])
        answer = _run(get)
    if answer.returncode != 0:
        last = "\n".join(answer.stdout.strip().splitlines()[-6:])
        raise ToolMissing(
            f"{' '.join(get)} failed with exit code {answer.returncode}:\n{last}", "see what apt-get says"
        )


@contextlib.contextmanager
def no_services(policy: Path) -> Iterator[None]:
    """While inside, Debian packages do not start services; a policy that is there already is kept."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**inherited_environment(), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
