"""A real Prometheus for a test."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.servewatch.console.serving import answers
from tests.servewatch.stack.stacks import free_port, wait_for


@contextlib.contextmanager
def started(folder: Path, config: dict[str, Any], port: int = 0, features: str = "") -> Iterator[str]:
    """The address of one with this configuration, which knows nothing yet; it ends with the block."""
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = port or free_port()
    argv = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    argv += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    argv += [f"--enable-feature={features}"] if features else []
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(f"{url}/-/ready"))
        yield url
    finally:
        process.terminate()
        process.wait(20)
