"""What every running stack must show, whatever it runs in: the right labels, and data in each panel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any

from examples.fashion.data import digits
from servewatch.traffic.client import Sample
from servewatch.traffic.samples import png
from tests.servewatch.stack.stacks import wait_for

ROOT = Path(__file__).parents[2]
_PROBLEM = re.compile(r"^\S+:\d+: .*", re.MULTILINE)


def answer(url: str, sample: Sample, seconds: float = 20.0) -> tuple[Message, Any]:
    """The headers and the body of a service's answer; anything but 200 is an error."""
    request = urllib.request.Request(url + sample.path, sample.body, {"Content-Type": sample.content_type})
    with urllib.request.urlopen(request, timeout=seconds) as told:
        return told.headers, json.load(told)


def assert_right_labels(url: str, count: int, least: int) -> None:
    """Of so many digits of the test split, each sent as a PNG, at least `least` get the labels that they have."""
    data = digits()
    shown = zip(data.test_images[:count], data.test_labels[:count], strict=True)
    right = sum(answer(url, png(picture))[1]["label"] == str(label) for picture, label in shown)
    assert right >= least, f"{right} of {count} labels are right"


def empty_panels(prometheus: str) -> list[str]:
    """The problems that `servewatch check --live` finds: panels that have no data and no reason for it."""
    command = [sys.executable, "-m", "servewatch", "check", "--live", prometheus]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert " problem" in told.stdout, told.stdout + told.stderr
    if told.returncode == 0:
        assert " 0 problems" in told.stdout, told.stdout
        return []
    return _PROBLEM.findall(told.stdout) or [told.stdout]


def assert_panels_have_data(prometheus: str, seconds: float) -> None:
    """Each panel has data within so long; where one has none, the failure names it."""
    left: list[str] = []

    def all_have() -> bool:
        left[:] = empty_panels(prometheus)
        return not left

    try:
        wait_for(all_have, seconds)
    except AssertionError:
        raise AssertionError(f"after {seconds:g} s there are panels without data:\n" + "\n".join(left)) from None
