from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from servewatch.stack.containerize import dockerfile, prepare
from serving.bundle import Bundle, BundleInvalid

BUNDLE = Bundle("greeter", "1.2.0", "greeter:Greeter", (), "3.11", "2025-01-01T00:00:00+00:00")


def bundle(folder: Path) -> Path:
    told = {name: getattr(BUNDLE, name) for name in Bundle.__slots__}
    (folder / "bundle.json").write_text(json.dumps(told))
    return folder


def test_the_image_is_one_that_can_be_run() -> None:
    """It is of the bundle's Python, not root, has a health check, and starts from nothing but what is copied."""
    text = dockerfile(BUNDLE)
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"python:3.11-slim-bookworm", "scratch"}
    last = text.split("FROM scratch")[1]
    assert "USER 10001:10001" in last
    assert "HEALTHCHECK" in last
    assert 'CMD ["serve", "greeter:Greeter"]' in last
    assert "RUN" not in re.findall(r"^\w+", last, re.MULTILINE)


def test_a_dockerfile_that_was_changed_stays(tmp_path: Path) -> None:
    """It is written once; what it runs to make the image small is there each time."""
    assert prepare(bundle(tmp_path)) == BUNDLE
    (tmp_path / "Dockerfile").write_text("FROM mine\n")
    prepare(tmp_path)
    assert (tmp_path / "Dockerfile").read_text() == "FROM mine\n"
    assert "/opt/servewatch" in (tmp_path / "slim.sh").read_text()


def test_what_is_no_bundle_gets_no_dockerfile(tmp_path: Path) -> None:
    """Nothing is written into a folder without a manifest."""
    with pytest.raises(BundleInvalid):
        prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []
