"""What holds for all tests: the fast ones run first, the stacks last."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A mistake shows within seconds; nobody waits for a stack to learn of a typing error."""
    items.sort(
        key=lambda item: (item.get_closest_marker("containers") is not None, item.get_closest_marker("e2e") is not None)
    )
