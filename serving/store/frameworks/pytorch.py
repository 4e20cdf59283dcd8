"""PyTorch models: the weights alone, and the class that they belong to. Loading runs no code from the file."""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from serving.devices import NAMES, Tuning, index_of
from serving.errors import ModelDamaged, StoreError
from serving.store.frameworks.pytorch_faster import Compiled, Forward, Graphs, Swift
from serving.store.frameworks.pytorch_lanes import Pipeline

name = "pytorch"
log = logging.getLogger("serving.pytorch")
WEIGHTS = "weights.pt"


def owns(model: Any) -> bool:
    """Whether it is a module."""
    return isinstance(model, nn.Module)


def save(model: nn.Module, folder: Path, *, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write the state dict. `arguments` are what the class is called with to make an empty model again."""
    cls = type(model)
    factory = f"{cls.__module__}:{cls.__qualname__}"
    if cls.__module__ == "__main__" or "<locals>" in cls.__qualname__:
        raise StoreError(
            f"the model's class is {factory}, which a service cannot import",
            "move the class into a module of its own",
        )
    recorded = {"factory": factory, "arguments": dict(arguments or {})}
    _compare(_make(recorded), model.state_dict(), factory)
    torch.save({key: value.cpu() for key, value in model.state_dict().items()}, folder / WEIGHTS)
    return recorded


def load(folder: Path, options: Mapping[str, Any], device: str, threads: int) -> tuple[nn.Module, Callable[[Any], Any]]:
    """Make the class anew, fill in the weights, move it to the device."""
    chosen = choose_device(device)
    torch.set_num_threads(threads)
    module = _make(options)
    weights = _read_weights(folder / WEIGHTS)
    _compare(module, weights, options["factory"])
    module.load_state_dict(weights)
    module.eval().to(chosen)
    return module, _predictor(module) if chosen.type == "cpu" else Pipeline(module, chosen, Tuning())


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises many kinds for a file that is not of weights alone
        reason = str(error).partition("\n")[0][:120]
        raise ModelDamaged(f"{path} does not hold weights alone: {reason}", "save the model again") from None
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ModelDamaged(f"{path} holds no state dict", "save the model again")
    return found


def choose_device(wanted: str) -> torch.device:
    """`auto` takes the first GPU where there is one; a device that is not there is an error, not a surprise."""
    if wanted == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    index = index_of(wanted)
    if index is None:
        raise StoreError(f"device {wanted!r} is none of {NAMES}; {_devices()}", _ON)
    if wanted == "cpu":
        return torch.device("cpu")
    if index >= torch.cuda.device_count():
        raise StoreError(f"device {wanted!r} is not here; {_devices()}", _ON)
    return torch.device(f"cuda:{index}")


_ON = "SERVEWATCH_DEVICE=auto takes what is there"


def _devices() -> str:
    """The devices that there are, for people."""
    gpus = [f"cuda:{at} ({torch.cuda.get_device_name(at)})" for at in range(torch.cuda.device_count())]
    without = "" if torch.version.cuda else "; this PyTorch was built without CUDA"
    return f"PyTorch sees {', '.join(['cpu', *gpus])}{without}"


def spread(wanted: str, index: int) -> str:
    """The device of one runner of several: each takes the next GPU, round and round."""
    if wanted not in ("auto", "cuda") or not torch.cuda.is_available():
        return wanted
    return f"cuda:{index % torch.cuda.device_count()}"


def tuned(module: nn.Module, device: str, tuning: Tuning) -> Callable[[Any], Any]:
    """A loaded module's function from rows to rows, as fast as the settings want it and the device allows."""
    chosen = choose_device(device)
    if tuning.dtype == "bfloat16":
        module.to(torch.bfloat16)
    swift: Callable[[Forward], Swift] | None = None
    if tuning.compile == "compile":
        swift = functools.partial(Compiled, sizes=len(tuning.rows))
    elif tuning.compile == "graphs" and chosen.type == "cuda":
        swift = Graphs
    elif tuning.compile == "graphs":
        log.warning("SERVEWATCH_COMPILE=graphs needs a GPU, and the model is on the %s: it runs as it is", chosen)
    log.info("a model runs on %s in %s%s", chosen, tuning.dtype, f" with {tuning.compile}" if swift is not None else "")
    if chosen.type == "cpu" and swift is None and tuning.dtype == "float32":
        return _predictor(module)
    return Pipeline(module, chosen, tuning, swift)


def _predictor(module: nn.Module) -> Callable[[Any], Any]:
    """On a CPU nothing is copied that need not be."""

    @torch.inference_mode()
    def predict(rows: Any) -> Any:
        array = np.ascontiguousarray(rows)
        if not array.flags.writeable:  # a view of a request's body: PyTorch wants memory that it may write
            array = array.copy()
        return module(torch.from_numpy(array)).numpy()

    return predict


def _make(options: Mapping[str, Any]) -> nn.Module:
    if not isinstance(options.get("factory"), str) or not isinstance(options.get("arguments"), dict):
        raise ModelDamaged(f"the model's options are {options}, without factory and arguments", "save the model again")
    module_name, _, qualified = options["factory"].partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in qualified.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise StoreError(
            f"the model's class {options['factory']} cannot be imported: {error}",
            "run where that module can be imported, such as the project's folder",
        ) from None
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise ModelDamaged(f"{options['factory']} is not a PyTorch module class", "save the model again")
    try:
        return found(**options["arguments"])
    except TypeError as error:
        raise StoreError(
            f"{options['factory']} cannot be made with {options['arguments']}: {error}",
            "save the model with arguments={...}, as its class is called",
        ) from None


def _compare(module: nn.Module, weights: Mapping[str, Any], factory: str) -> None:
    wanted = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in weights.items()}
    for key in wanted.keys() | found.keys():
        if wanted.get(key) != found.get(key):
            raise StoreError(
                f"{factory} has {key!r} as {wanted.get(key, 'nothing')}, the weights as {found.get(key, 'nothing')}",
                "save the model with the arguments={...} that its class was called with",
            )
