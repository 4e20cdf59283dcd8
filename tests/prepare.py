"""Installs what the tests can use and this machine lacks, where it may; says what it cannot. Run by `make test`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

BENCH = {"wrk": "wrk", "taskset": "util-linux"}
WANTED = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
    "chromium": "chromium",
    "victoria-metrics": "victoria-metrics",
}


def missing(wanted: dict[str, str]) -> list[str]:
    """Debian packages of the programs that are not on PATH."""
    return sorted({package for program, package in wanted.items() if not shutil.which(program)})


def main(bench: bool = False) -> int:
    """Install; a failure is no failure of the tests, which skip what they cannot run."""
    packages = missing(BENCH if bench else WANTED)
    if not packages:
        return 0
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not shutil.which("apt-get") or os.geteuid() != 0:
        print(f"not here: {', '.join(packages)}. Tests that need them are skipped; on Debian: sudo {' '.join(command)}")
        return 0
    print(f"installing {', '.join(packages)} for the tests")
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}}
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    if subprocess.run(command, check=False, **quiet).returncode != 0:
        print(f"{' '.join(command)} failed: tests that need them are skipped", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(bench="wrk" in sys.argv[1:]))
