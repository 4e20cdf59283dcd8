from __future__ import annotations

import re
from pathlib import Path

import yaml

from servewatch.stack.images import BASE, IMAGES, TESTED

ROOT = Path(__file__).parents[3]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_every_image_is_pinned_and_the_same_everywhere() -> None:
    """docker-compose.yml uses the images of the one list, each with an exact version, and builds all others."""
    used = {name: service["image"] for name, service in SERVICES.items() if "build" not in service}
    assert set(used.values()) == set(IMAGES.values())
    assert {name: used[name] for name in IMAGES} == IMAGES
    assert all(re.search(r":v?\d+\.\d+\.\d+", image) for image in IMAGES.values())


def test_ours_stand_on_the_one_base() -> None:
    """Every stage of the Dockerfile comes from the base, from another stage, or from nothing."""
    text = (ROOT / "Dockerfile").read_text()
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", text, re.MULTILINE)
    assert {source for source, _ in stages} - {name for _, name in stages} == {BASE, "scratch"}
    assert f'image.base.name="docker.io/library/{BASE}"' in text


def test_ci_has_the_very_images_that_the_stack_is_tested_with() -> None:
    """CI prepares the images of the list by the same names and versions."""
    ours = re.findall(r"(?:prom/[\w-]+|python):v?\d[\w.-]+", (ROOT / ".ci" / "run").read_text())
    assert sorted(ours) == sorted(TESTED)
