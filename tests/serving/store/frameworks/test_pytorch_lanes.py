from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from serving.devices import Tuning
from serving.errors import RunnerFailed
from serving.store.frameworks.pytorch_faster import Compiled, CudaGraph, Graphs
from serving.store.frameworks.pytorch_lanes import Lane, Pipeline

CPU = torch.device("cpu")
DEVICES = [
    pytest.param(CPU, id="cpu"),
    pytest.param(
        torch.device("cuda:0"),
        id="cuda",
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU: run it where nvidia-smi finds one"),
    ),
]
everywhere = pytest.mark.parametrize("device", DEVICES)


class Net(nn.Module):
    """Keeps the shapes that it was called with."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.layers = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
        self.seen: list[tuple[int, ...]] = []

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        if not torch.compiler.is_compiling():
            self.seen.append(tuple(rows.shape))
        answer: torch.Tensor = self.layers(rows)
        return answer


def rows_of(count: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(count).normal(size=(count, 4)).astype(np.float32)


LIKE = Net().eval()
"""Every other network here is made alike."""


def expected(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    with torch.inference_mode():
        return LIKE.layers(torch.from_numpy(rows)).numpy()


def ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What we said; PyTorch's compiler has much to say for itself."""
    return [record.getMessage() for record in caplog.records if record.name == "serving.pytorch"]


@everywhere
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", ">f4"])
@pytest.mark.parametrize("shape", [(3,), (2, 5), (0, 4), ()])
def test_a_lane_gives_back_what_it_was_given(device: torch.device, dtype: str, shape: tuple[int, ...]) -> None:
    """In and out of the device, for each dtype and shape, not in order of memory either."""
    lane = Lane(device)
    rows = (np.arange(np.prod(shape, dtype=int)) % 2).astype(dtype).reshape(shape)
    with lane.active():
        for sent in (rows, np.asarray(rows, order="F")):
            came = lane.take(lane.put(sent, len(rows) if rows.ndim else 0))
            assert (came == rows).all()
            assert (came.dtype, came.shape) == (np.dtype(dtype).newbyteorder("="), shape)


@everywhere
def test_an_answer_stays_when_the_lane_is_used_again(device: torch.device) -> None:
    """What was sent before, and what was answered, is nobody's else."""
    lane = Lane(device)
    with lane.active():
        first = lane.take(lane.put(rows_of(8), 8))
        lane.take(lane.put(rows_of(3), 3))
    assert (first == rows_of(8)).all()


@everywhere
def test_padding_repeats_the_first_row(device: torch.device) -> None:
    """Rows that are like real ones: what fails on zeros does not fail on them."""
    lane = Lane(device)
    with lane.active():
        came = lane.take(lane.put(rows_of(3), 5))
    assert (came == rows_of(3)[[0, 1, 2, 0, 0]]).all()


@everywhere
def test_a_pipeline_answers_as_the_model_does_from_several_threads(device: torch.device) -> None:
    """Each batch has a lane of its own while it is under way, and none gets another's rows."""
    pipeline = Pipeline(Net().eval().to(device), device, Tuning())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(pipeline, [rows_of(1 + at % 16) for at in range(200)]))
    for at, answer in enumerate(answers):
        np.testing.assert_allclose(answer, expected(rows_of(1 + at % 16)), rtol=1e-4, atol=1e-5)


@everywhere
def test_bfloat16_answers_in_float32_and_nearly_the_same(device: torch.device) -> None:
    """The weights are halved; whole numbers go in as they are."""
    pipeline = Pipeline(Net().eval().to(device, torch.bfloat16), device, Tuning("bfloat16"))
    answer = pipeline(rows_of(8))
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, expected(rows_of(8)), atol=0.05)
    assert (answer != expected(rows_of(8))).any()
    words = Pipeline(nn.Embedding(9, 2).to(device, torch.bfloat16), device, Tuning("bfloat16"))
    assert words(np.array([[1, 2]])).shape == (1, 2, 2)


@pytest.mark.parametrize("count", [1, 3, 4, 7, 8, 9])
def test_compiled_batches_are_padded_to_the_next_size(count: int) -> None:
    """Only the given sizes reach the compiled model; a batch above them comes as it is. The padding is not answered."""
    shapes: list[int] = []

    def backend(graph: Any, inputs: Any) -> Any:
        def run(*given: Any) -> Any:
            shapes.extend(len(one) for one in given if one.ndim == 2 and one.shape[1] == 4 and one.shape[0] != 16)
            return graph.forward(*given)

        return run

    tuning = Tuning(compile="compile", rows=(1, 4, 8))
    pipeline = Pipeline(Net().eval(), CPU, tuning, lambda forward: Compiled(forward, 3, backend))
    np.testing.assert_allclose(pipeline(rows_of(count)), expected(rows_of(count)), rtol=1e-4, atol=1e-5)
    assert shapes == [{1: 1, 3: 4, 4: 4, 7: 8, 8: 8, 9: 9}[count]]


def test_a_model_that_cannot_be_compiled_runs_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """The log says why, once; answers are right from the first on."""

    def backend(graph: Any, inputs: Any) -> Any:
        raise NotImplementedError("no compiler here")

    pipeline = Pipeline(Net().eval(), CPU, Tuning("float32", "compile", (4,)), lambda f: Compiled(f, 1, backend))
    for count in (3, 4, 3):
        np.testing.assert_allclose(pipeline(rows_of(count)), expected(rows_of(count)), rtol=1e-4, atol=1e-5)
    (told,) = ours(caplog)
    assert "cannot be compiled and runs as it is" in told


def test_rows_that_do_not_fit_are_no_reason_to_stop_compiling(caplog: pytest.LogCaptureFixture) -> None:
    """The model's own error is raised, and the next batch is compiled still."""
    made: list[Compiled] = []

    def swift(forward: Any) -> Compiled:
        made.append(Compiled(forward, 1, "eager"))
        return made[0]

    pipeline = Pipeline(Net().eval(), CPU, Tuning("float32", "compile", (4,)), swift)
    with pytest.raises(RuntimeError, match=r"mat1 and mat2|shape|size"):
        pipeline(np.ones((4, 3), np.float32))
    assert made[0].willing
    assert ours(caplog) == []
    assert pipeline(rows_of(4)).shape == (4, 2)


class Again:
    """Runs the model again on the same memory, as a graph does, where there is no GPU to capture one."""

    def __init__(self, forward: Any, example: torch.Tensor) -> None:
        self._forward, self.rows = forward, example.clone()
        self.answer = forward(self.rows).clone()

    def replay(self) -> None:
        self.answer.copy_(self._forward(self.rows))


def graphs(device: torch.device) -> Any:
    return Graphs if device.type == "cuda" else lambda forward: Graphs(forward, Again)


@everywhere
def test_graphs_are_captured_for_each_size_and_lane_and_answer_as_the_model_does(device: torch.device) -> None:
    """Batches of all sizes, from two threads at once."""
    net = Net().eval().to(device)
    pipeline = Pipeline(net, device, Tuning("float32", "graphs", (1, 4, 8)), graphs(device))
    barrier = threading.Barrier(2)

    def work(seed: int) -> None:
        barrier.wait()
        for at in range(60):
            rows = rows_of(1 + (at + seed) % 10)
            np.testing.assert_allclose(pipeline(rows), expected(rows), rtol=1e-3, atol=1e-4)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [0, 5]))
    assert {shape[0] for shape in net.seen} == {1, 4, 8, 9, 10}


def test_a_model_that_cannot_be_captured_runs_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Here because there is no GPU at all: what CUDA raises is told, and the answers are right."""
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here, where capturing works")
    pipeline = Pipeline(Net().eval(), CPU, Tuning("float32", "graphs", (4,)), lambda f: Graphs(f, CudaGraph))
    for _ in range(2):
        np.testing.assert_allclose(pipeline(rows_of(3)), expected(rows_of(3)), rtol=1e-4, atol=1e-5)
    (told,) = ours(caplog)
    assert "cannot be captured in a CUDA graph and runs as it is" in told


def test_an_answer_that_cannot_be_cut_back_is_an_error() -> None:
    """A model that sums over its batch must not be padded, and says so instead of answering wrongly."""
    pipeline = Pipeline(lambda rows: rows.sum(0), CPU, Tuning("float32", "graphs", (4,)), graphs(CPU))
    with pytest.raises(RunnerFailed, match=r"answered \(4,\) to a batch of 4 rows|padded") as caught:
        Pipeline(lambda rows: rows.sum(0)[:2], CPU, Tuning("float32", "graphs", (4,)), graphs(CPU))(rows_of(3))
    assert "SERVEWATCH_COMPILE=off" in caught.value.help
    assert pipeline(rows_of(4)).shape == (4,)


def test_a_model_that_answers_no_tensor_is_told() -> None:
    """A tuple or a dictionary has no rows to hand out."""
    with pytest.raises(RunnerFailed, match="answered a tuple, expected one tensor"):
        Pipeline(lambda rows: (rows, rows), CPU, Tuning())(rows_of(2))  # type: ignore[arg-type, return-value]
