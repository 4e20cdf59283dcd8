"""Load from wrk, and what it measured."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Measured:
    """Requests per second, and latency in milliseconds."""

    rate: float
    p50: float
    p99: float
    failed: int


def script(folder: Path, name: str, body: bytes, media: str) -> Path:
    """A wrk script that posts this body again and again."""
    path, data = folder / f"{name}.lua", folder / f"{name}.body"
    data.write_bytes(body)
    path.write_text(
        f'local file = io.open("{data}", "rb")\n'
        'wrk.method = "POST"\nwrk.body = file:read("*a")\n'
        f'wrk.headers["Content-Type"] = "{media}"\n'
    )
    return path


def run(url: str, lua: Path, connections: int, seconds: int, core: str) -> Measured:
    """Load a server for a while, from one core."""
    command = ["taskset", "-c", core, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"-s{lua}", url]
    return parse(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def parse(text: str) -> Measured:
    """Read wrk's report."""
    rate = float(_find(r"Requests/sec:\s+([\d.]+)", text))
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    failed += sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", text))
    return Measured(
        rate, _milliseconds(_find(r"^\s+50%\s+(\S+)", text)), _milliseconds(_find(r"^\s+99%\s+(\S+)", text)), failed
    )


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"wrk's report has no {pattern!r}: {text[-500:]}")
    return found[1]


def _milliseconds(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    if found is None:
        raise ValueError(f"wrk's report has the latency {text!r}")
    return float(found[1]) * _UNITS[found[2]]
