from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from serving import Store
from serving.devices import Tuning
from serving.errors import ModelDamaged, StoreError
from serving.store import files
from serving.store.frameworks import pytorch

Save = Callable[..., str]


class Touch:
    """A pickle that makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


class Dropping(nn.Module):
    """Answers otherwise in training than in use."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Dropout(0.9), nn.BatchNorm1d(2))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.layers(rows)


def replace_weights(store: Store, data: bytes) -> None:
    """Put other weights in the place of a version's, with a manifest that fits."""
    folder = store.folder / "flowers" / "1"
    (folder / "model" / "weights.pt").write_bytes(data)
    files.seal(folder)


def test_a_pickle_in_the_place_of_weights_is_refused_and_not_run(store: Store, save: Save, tmp_path: Path) -> None:
    """Not even with a manifest that fits does a file of the model run code."""
    save("flowers:1")
    mark = tmp_path / "it ran"
    torch.save({"weight": Touch(mark)}, tmp_path / "evil.pt")
    for data in ((tmp_path / "evil.pt").read_bytes(), pickle.dumps(Touch(mark))):
        replace_weights(store, data)
        with pytest.raises(ModelDamaged, match="does not hold weights alone"):
            store.load("flowers", device="cpu")
    assert not mark.exists()


@pytest.mark.parametrize("value", [[1, 2], {"weight": 3}, torch.ones(2)])
def test_weights_that_are_no_state_dict_are_refused(store: Store, save: Save, tmp_path: Path, value: Any) -> None:
    """A list, numbers or a bare tensor are no weights of a module."""
    save("flowers:1")
    torch.save(value, tmp_path / "other.pt")
    replace_weights(store, (tmp_path / "other.pt").read_bytes())
    with pytest.raises(ModelDamaged, match="holds no state dict"):
        store.load("flowers", device="cpu")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x02"])
def test_weights_that_are_cut_are_refused(store: Store, save: Save, data: bytes) -> None:
    """Nothing, a bit of a zip and a bit of a pickle are named by their file."""
    save("flowers:1")
    replace_weights(store, data)
    with pytest.raises(ModelDamaged, match=r"weights\.pt does not hold weights alone"):
        store.load("flowers", device="cpu")


def test_a_loaded_model_is_in_evaluation_mode_and_keeps_no_gradients(store: Store) -> None:
    """Dropout is off, and answers are plain arrays."""
    store.save("dropping:1", Dropping())
    model = store.load("dropping", device="cpu")
    rows = np.ones((4, 2), dtype=np.float32)
    assert not model.raw.training
    assert model(rows).tolist() == model(rows).tolist()
    assert isinstance(model(rows), np.ndarray)


def test_rows_that_are_a_view_of_a_request_are_not_changed(store: Store, save: Save) -> None:
    """A read-only array is taken, without a warning."""
    save("flowers:1")
    rows = np.frombuffer(np.ones((2, 2), dtype=np.float32).tobytes(), dtype=np.float32).reshape(2, 2)
    assert store.load("flowers", device="cpu")(rows).tolist() == [[2.0], [2.0]]


def test_a_class_that_a_service_could_not_import_is_refused(store: Store) -> None:
    """A class inside a function has no place to be imported from."""

    class Inner(nn.Linear):
        pass

    with pytest.raises(StoreError, match="which a service cannot import"):
        store.save("flowers", Inner(2, 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({}, "cannot be made with"), ({"in_features": 3, "out_features": 1}, r"has 'weight' as \(1, 3\)")],
)
def test_arguments_that_do_not_make_the_model_are_refused_when_it_is_saved(
    store: Store, linear: Callable[..., nn.Module], arguments: dict[str, int], message: str
) -> None:
    """A model that could not be loaded is not saved; the help says what to give."""
    with pytest.raises(StoreError, match=message) as caught:
        store.save("flowers", linear(), arguments=arguments)
    assert "arguments={" in caught.value.help
    assert store.list() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "without factory and arguments"),
        ({"factory": "torch.nn:Linear"}, "without factory and arguments"),
        ({"factory": "os:system", "arguments": {"command": "true"}}, "is not a PyTorch module class"),
        ({"factory": "nowhere.at_all:Model", "arguments": {}}, "cannot be imported: No module named 'nowhere'"),
        ({"factory": "torch.nn:Nothing", "arguments": {}}, "cannot be imported"),
        ({"factory": "", "arguments": {}}, "cannot be imported"),
        ({"factory": ".relative:Model", "arguments": {}}, "cannot be imported"),
    ],
)
def test_options_that_name_no_module_are_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    """What is not a class of a PyTorch module is not called."""
    with pytest.raises(StoreError, match=message):
        pytorch.load(tmp_path, options, "cpu", 1)


@pytest.mark.parametrize("wanted", ["toaster", "cuda:", "cuda:x", "cpu:1", "cuda:0:1", "mps", ""])
def test_a_device_of_no_known_kind_is_an_error(wanted: str) -> None:
    """It says what is accepted, and which devices there are."""
    if wanted == "cuda:" and torch.cuda.is_available():
        pytest.skip("there is a GPU here, which it names")
    with pytest.raises(StoreError, match=r"is none of auto, cpu, cuda, cuda:N|is not here") as caught:
        pytorch.choose_device(wanted)
    assert "PyTorch sees cpu" in caught.value.message


def test_a_device_that_is_not_here_is_an_error() -> None:
    """No silent fall-back to the CPU: the error names the devices that there are."""
    assert pytorch.choose_device("cpu").type == "cpu"
    with pytest.raises(StoreError, match="device 'cuda:99' is not here; PyTorch sees cpu") as caught:
        pytorch.choose_device("cuda:99")
    assert caught.value.help == "SERVEWATCH_DEVICE=auto takes what is there"


@pytest.mark.parametrize(("wanted", "device"), [("cpu", "cpu"), ("cuda:1", "cuda:1")])
def test_a_device_that_is_named_is_every_runners(wanted: str, device: str) -> None:
    """Only `auto` and `cuda` spread runners over the GPUs."""
    assert {pytorch.spread(wanted, index) for index in range(4)} == {device}


def test_bfloat16_and_compilation_are_chosen_when_a_model_is_loaded(store: Store, save: Save) -> None:
    """The tuned model answers in float32, nearly as the plain one does; graphs without a GPU leave it as it is."""
    save("flowers:1")
    rows = np.ones((3, 2), dtype=np.float32)
    plain = store.load("flowers", device="cpu")(rows)
    for tuning in (Tuning("bfloat16"), Tuning("float32", "graphs", (1, 4))):
        answer = store.load("flowers", device="cpu", tuning=tuning)(rows)
        assert answer.dtype == np.float32
        np.testing.assert_allclose(answer, plain, rtol=0.02)


def test_auto_is_a_gpu_where_there_is_one() -> None:
    """And the CPU where there is none."""
    assert pytorch.choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_neither_the_store_nor_the_server_imports_torch_before_a_model_is_loaded() -> None:
    """`import serving`, its store and its server leave torch alone."""
    code = "import sys, serving, serving.server, serving.store.archive; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "False\n"
