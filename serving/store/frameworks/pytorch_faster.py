"""Models that are compiled for sizes of batches: CUDA graphs, or torch.compile. What fails is told, and left."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

import torch

MOST_SHAPES = 32
"""Graphs that one lane keeps; rows of yet another shape run as they are."""

Forward = Callable[[torch.Tensor], torch.Tensor]
Kept = dict[Any, "Replay"]
"""What a lane has captured."""

log = logging.getLogger("serving.pytorch")
_capturing = threading.Lock()


class Swift(Protocol):
    """A faster way to run a model."""

    willing: bool
    """False from when it was seen not to work."""

    def run(self, rows: torch.Tensor, kept: Kept) -> torch.Tensor:
        """The model's answer."""


class Replay(Protocol):
    """One captured run: put rows into `rows`, call it, find the answer in `answer`."""

    rows: torch.Tensor
    answer: torch.Tensor

    def replay(self) -> None: ...


class CudaGraph:
    """A run of the model as one graph of kernels, which the GPU repeats without Python and without launches."""

    def __init__(self, forward: Forward, example: torch.Tensor) -> None:
        stream = torch.cuda.current_stream(example.device)
        self.rows = example.clone()
        for _ in range(3):  # libraries choose their kernels and take their workspaces in the first runs
            forward(self.rows)
        stream.synchronize()
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=stream, capture_error_mode="thread_local"):
            self.answer = forward(self.rows)

    def replay(self) -> None:
        """Run it again, on the stream that is current."""
        self._graph.replay()


class Graphs:
    """Graphs by shape, for each lane its own: they write to memory of theirs."""

    def __init__(self, forward: Forward, capture: Callable[[Forward, torch.Tensor], Replay] = CudaGraph) -> None:
        self._forward, self._capture = forward, capture
        self.willing = True

    def run(self, rows: torch.Tensor, kept: Kept) -> torch.Tensor:
        """Replay the graph for rows of this shape, which the first of them captures."""
        key = (tuple(rows.shape), rows.dtype)
        if key not in kept:
            if len(kept) >= MOST_SHAPES:
                return self._forward(rows)
            try:
                with _capturing:
                    kept[key] = self._capture(self._forward, rows)
            except Exception as error:
                return self._give_up(rows, error)
        graph = kept[key]
        graph.rows.copy_(rows, non_blocking=True)
        graph.replay()
        return graph.answer

    def _give_up(self, rows: torch.Tensor, error: Exception) -> torch.Tensor:
        answer = self._forward(rows)  # where this fails too, it is the rows that are at fault
        self.willing = False
        log.warning("the model cannot be captured in a CUDA graph and runs as it is: %s", _reason(error))
        return answer


class Compiled:
    """The model through torch.compile, for the shapes that come."""

    def __init__(self, forward: Forward, sizes: int, backend: Any = "inductor") -> None:
        self._forward = forward
        self._compiled = torch.compile(forward, dynamic=False, backend=backend)
        self.willing = True
        _allow_shapes(2 * sizes + 8)

    def run(self, rows: torch.Tensor, kept: Kept) -> torch.Tensor:
        """The first run with rows of a shape compiles."""
        try:
            answer: torch.Tensor = self._compiled(rows)
            return answer
        except Exception as error:
            answer = self._forward(rows)  # where this fails too, it is the rows that are at fault
            self.willing = False
            log.warning("the model cannot be compiled and runs as it is: %s", _reason(error))
            return answer


def _allow_shapes(most: int) -> None:
    """One function is compiled for each size; the compiler's own limit is 8, after which it stops to compile."""
    settings: Any = torch._dynamo.config
    name = "recompile_limit" if hasattr(settings, "recompile_limit") else "cache_size_limit"
    setattr(settings, name, max(getattr(settings, name), most))


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
