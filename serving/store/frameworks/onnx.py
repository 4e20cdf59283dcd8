"""ONNX models, whatever trained them, run by ONNX Runtime. The file holds a graph and weights, and no code."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from serving.devices import NAMES, index_of
from serving.errors import ModelDamaged, StoreError

name = "onnx"
FILE = "model.onnx"
_TYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16", "tensor(bool)": "bool",
    "tensor(int8)": "int8", "tensor(int16)": "int16", "tensor(int32)": "int32", "tensor(int64)": "int64",
    "tensor(uint8)": "uint8", "tensor(uint16)": "uint16", "tensor(uint32)": "uint32", "tensor(uint64)": "uint64",
    "tensor(string)": "object",
}  # fmt: skip


def owns(model: Any) -> bool:
    """Whether it is a graph, or the path of a file that should hold one."""
    return isinstance(model, Path) or hasattr(model, "SerializeToString")


def save(model: Any, folder: Path, *, output: str = "") -> dict[str, Any]:
    """Write an onnx.ModelProto, or copy a file. `output` is the one that answers, where there are several."""
    path = folder / FILE
    if isinstance(model, Path):
        if not model.is_file():
            raise StoreError(f"{model} is not a file", "give the path of a file that ends in .onnx")
        shutil.copyfile(model, path)
    else:
        path.write_bytes(model.SerializeToString())
    try:
        session = _session(path, "cpu", 1)
    except ModelDamaged as error:
        raise StoreError(
            f"ONNX Runtime cannot run the model: {error}", "weights in a file beside it must be put into it"
        ) from None
    outputs = [each.name for each in session.get_outputs()]
    if output and output not in outputs:
        raise StoreError(f"the model has no output {output!r}", f"output= is one of: {', '.join(outputs)}")
    return {"output": output or outputs[0]}


def load(
    folder: Path, options: Mapping[str, Any], device: str, threads: int
) -> tuple[onnxruntime.InferenceSession, Callable[[Any], Any]]:
    """Open a session on the device."""
    session = _session(folder / FILE, device, threads)
    output = options.get("output")
    if output not in [each.name for each in session.get_outputs()]:
        raise ModelDamaged(f"the model's options are {dict(options)}, without an output of its", "save the model again")
    return session, _predictor(session, str(output))


def _session(path: Path, device: str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    providers = _providers(device)
    try:
        return onnxruntime.InferenceSession(path, options, providers=providers)
    except Exception as error:  # the runtime raises kinds of its own for a file that it cannot run
        reason = str(error).partition("\n")[0][:160]
        raise ModelDamaged(f"{path} is no model that ONNX Runtime runs: {reason}", "save the model again") from None


def _providers(device: str) -> list[Any]:
    """What runs the graph: `auto` takes a GPU where there is one."""
    index, has_gpu = index_of(device), "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if index is None:
        raise StoreError(f"device {device!r} is none of {NAMES}", "SERVEWATCH_DEVICE=auto takes what is there")
    if device.startswith("cuda") and not has_gpu:
        raise StoreError(f"device {device!r} is not here: this ONNX Runtime has no CUDA", "pip install onnxruntime-gpu")
    gpu = [("CUDAExecutionProvider", {"device_id": index})] if has_gpu and device != "cpu" else []
    return [*gpu, "CPUExecutionProvider"]


def _predictor(session: onnxruntime.InferenceSession, output: str) -> Callable[[Any], Any]:
    """Rows go in as an array of the graph's type; as one for each name where it has several inputs."""
    kinds = {each.name: _TYPES.get(each.type, "") for each in session.get_inputs()}

    def array(rows: Any, kind: str) -> Any:
        return np.ascontiguousarray(rows, dtype=kind) if kind else rows

    def predict(rows: Any) -> Any:
        given = rows if isinstance(rows, Mapping) else {next(iter(kinds)): rows}
        if given.keys() != kinds.keys():
            raise ValueError(f"the model takes {', '.join(kinds)}, and got {', '.join(given)}")
        return session.run([output], {key: array(rows, kinds[key]) for key, rows in given.items()})[0]

    return predict
