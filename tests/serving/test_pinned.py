from __future__ import annotations

from importlib.metadata import version

import pytest

from serving.pinned import PackageMissing, extras_of, pins


def test_all_that_is_needed_is_pinned_and_nothing_else() -> None:
    """What our dependencies need in turn is there, in the version installed; extras come when asked for."""
    bare = dict(line.split("==") for line in pins())
    assert bare["starlette"] == version("starlette")
    assert {"torch", "grafanalib", "servewatch", "pytest"}.isdisjoint(bare)
    assert set(dict(line.split("==") for line in pins(("torch",)))) > set(bare)


def test_a_local_version_is_pinned_as_the_index_knows_it() -> None:
    """A build for CPUs is chosen by the index, so the version is without it."""
    assert dict(line.split("==") for line in pins(("torch",)))["torch"] == version("torch").split("+")[0]


def test_packages_of_ones_own_bring_what_they_need() -> None:
    """A requirement is pinned with its dependencies; one that is not installed is an error."""
    assert {"flask", "werkzeug"} <= set(dict(line.split("==") for line in pins(requirements=["flask"])))
    with pytest.raises(PackageMissing, match="no-such-package-x"):
        pins(requirements=["no-such-package-x"])


def test_frameworks_name_their_extras() -> None:
    """A PyTorch model needs torch; another framework needs nothing that we know."""
    assert extras_of(["pytorch", "other"]) == ("torch",)
