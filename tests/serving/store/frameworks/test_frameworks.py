from __future__ import annotations

import pytest
from torch import nn

from serving.errors import StoreError
from serving.store import frameworks


def test_a_framework_is_told_by_the_models_class() -> None:
    """A PyTorch module, of whatever subclass, belongs to pytorch."""

    class Mine(nn.Sequential):
        pass

    assert frameworks.of(nn.Linear(1, 1)).name == frameworks.of(Mine()).name == "pytorch"


@pytest.mark.parametrize("model", [3, object(), nn.Linear, nn.Linear(1, 1).weight])
def test_what_belongs_to_none_is_refused(model: object) -> None:
    """Neither numbers nor classes nor bare tensors are models; the help lists the frameworks."""
    with pytest.raises(StoreError, match="is no model that can be saved") as caught:
        frameworks.of(model)
    assert caught.value.help == "the store takes models of: pytorch, sklearn, onnx"


def test_a_framework_of_another_time_is_named() -> None:
    """A store written by a newer servewatch says which framework it needs."""
    with pytest.raises(StoreError, match="framework 'jax' is not known; known are pytorch, sklearn, onnx"):
        frameworks.named("jax")
