from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from serving import Store
from serving.errors import ModelDamaged, StoreError
from serving.store import files


def graph(inputs: tuple[str, ...] = ("rows",)) -> onnx.ModelProto:
    """Doubles its first input, and adds up all."""
    shape = ["n", 2]
    nodes = [helper.make_node("Add", [inputs[0], inputs[0]], ["double"]), helper.make_node("Sum", [*inputs], ["sum"])]
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(each, TensorProto.FLOAT, shape) for each in inputs],
        [helper.make_tensor_value_info(each, TensorProto.FLOAT, shape) for each in ("double", "sum")],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_a_graph_and_its_file_are_saved_and_run(store: Store, tmp_path: Path) -> None:
    """From memory or from a path; rows of another type are made those of the graph."""
    path = tmp_path / "small.onnx"
    onnx.save(graph(), path)
    for version, model in (("1", graph()), ("2", path)):
        store.save(f"small:{version}", model)
        answer = store.load("small")(np.array([[1, 2]]))
        assert (answer.tolist(), answer.dtype) == ([[2, 4]], np.float32)
    assert {info.framework for info in store.list()} == {"onnx"}


def test_the_named_output_answers(store: Store) -> None:
    """Where a graph has several."""
    store.save("small:1", graph(), output="sum")
    assert store.load("small")(np.ones((1, 2), "float32")).tolist() == [[1, 1]]


def test_several_inputs_come_by_name(store: Store) -> None:
    """As a dict of arrays; other names are told."""
    store.save("small:1", graph(("a", "b")), output="sum")
    model, ones = store.load("small"), np.ones((1, 2), "float32")
    assert model({"a": ones, "b": ones}).tolist() == [[2, 2]]
    with pytest.raises(ValueError, match="the model takes a, b, and got rows"):
        model({"rows": ones})


@pytest.mark.parametrize(
    ("model", "options", "message", "help"),
    [
        (graph(), {"output": "label"}, "has no output 'label'", "output= is one of: double, sum"),
        (Path("nowhere.onnx"), {}, "nowhere.onnx is not a file", "ends in .onnx"),
        (Path(__file__), {}, "is no model that can be saved", "pytorch, sklearn, onnx"),
    ],
    ids=["output", "no file", "no onnx"],
)
def test_what_cannot_be_saved_is_told(
    store: Store, model: Any, options: dict[str, str], message: str, help: str
) -> None:
    """And nothing of it is in the store."""
    with pytest.raises(StoreError, match=message) as caught:
        store.save("small:1", model, **options)
    assert help in caught.value.help
    assert store.list() == []


def test_a_file_that_is_no_graph_is_refused(store: Store, tmp_path: Path) -> None:
    """When it is saved, and when another was put in its place."""
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(StoreError, match="ONNX Runtime cannot run the model"):
        store.save("small:1", path)
    store.save("small:1", graph())
    folder = store.folder / "small" / "1"
    (folder / "model" / "model.onnx").write_bytes(b"no graph")
    files.seal(folder)
    with pytest.raises(ModelDamaged, match="is no model that ONNX Runtime runs"):
        store.load("small")


@pytest.mark.parametrize("device", ["tpu", "cpu:1", "cuda:x"])
def test_a_device_that_is_none_is_told(store: Store, device: str) -> None:
    """With those that are."""
    store.save("small:1", graph())
    with pytest.raises(StoreError, match="is none of auto, cpu, cuda, cuda:N"):
        store.load("small", device=device)


def test_a_gpu_that_is_not_here_is_told(store: Store) -> None:
    """What to install to have it run there."""
    store.save("small:1", graph())
    with pytest.raises(StoreError, match="this ONNX Runtime has no CUDA"):
        store.load("small", device="cuda:0")
