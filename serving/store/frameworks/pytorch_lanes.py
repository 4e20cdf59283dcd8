"""A model's way through a device: pinned memory, a stream for each batch under way, and what runs in between."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from monitoring.articles import a
from serving.devices import Tuning
from serving.errors import RunnerFailed
from serving.store.frameworks.pytorch_faster import Forward, Kept, Swift

Array = np.ndarray[Any, np.dtype[Any]]


class Lane:
    """What one batch has of a device while it is under way.

    On a GPU each lane has a stream of its own: while one computes, another's rows are on their way in and the
    answers of a third on their way out. On a CPU the same steps are taken with ordinary memory.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._gpu = device.type == "cuda"
        self.stream = torch.cuda.Stream(device) if self._gpu else None  # type: ignore[no-untyped-call]
        # One that blocks: to wait must not take a core.
        self._arrived = torch.cuda.Event(blocking=True) if self._gpu else None  # type: ignore[no-untyped-call]
        self._staging = torch.empty(0, dtype=torch.uint8)
        self.kept: Kept = {}

    def active(self) -> contextlib.AbstractContextManager[Any]:
        """Within it, work goes to this lane's stream."""
        return torch.cuda.stream(self.stream) if self.stream is not None else contextlib.nullcontext()

    def put(self, rows: Array, size: int) -> torch.Tensor:
        """The rows on the device, padded to a size with copies of the first."""
        staged = self._staged((size, *rows.shape[1:]) if rows.ndim else (), rows.dtype.newbyteorder("="))
        numbers = staged.numpy()
        if rows.ndim and size != len(rows):
            numbers[: len(rows)], numbers[len(rows) :] = rows, rows[0]
        else:
            numbers[...] = rows
        return staged.to(self._device, non_blocking=True, copy=True)

    def _staged(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> torch.Tensor:
        """Memory to send from, which this lane's last batch no longer needs: its answer was waited for."""
        like = torch.from_numpy(np.empty(0, dtype)).dtype
        needed = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if self._staging.numel() < needed:
            self._staging = torch.empty(needed, dtype=torch.uint8, pin_memory=self._gpu)
        return self._staging[:needed].view(like).view(shape)

    def take(self, answer: torch.Tensor) -> Array:
        """The answer in memory of its own, when it is there."""
        out = torch.empty(answer.shape, dtype=answer.dtype, pin_memory=self._gpu)
        out.copy_(answer, non_blocking=True)
        if self._arrived is not None:
            self._arrived.record(self.stream)
            self._arrived.synchronize()
        numbers: Array = out.numpy()
        return numbers


class Pipeline:
    """Rows in, rows out, on whatever device the module is; there are as many lanes as threads ever called at once."""

    def __init__(
        self, module: Forward, device: torch.device, tuning: Tuning, swift: Callable[[Forward], Swift] | None = None
    ) -> None:
        self._device = device
        self._tuning = tuning
        self._lanes: list[Lane] = []
        self._dtype = torch.bfloat16 if tuning.dtype == "bfloat16" else None
        self._module = module
        self._swift = None if swift is None else swift(self._forward)
        if device.type == "cuda":  # the weights were sent on another stream than those that will read them
            torch.cuda.synchronize(device)

    def __call__(self, rows: Any) -> Array:
        """Run a batch."""
        try:
            lane = self._lanes.pop()  # the last that was used: its memory is warm, and its graphs are captured
        except IndexError:
            lane = Lane(self._device)
        try:
            return self._run(np.asarray(rows), lane)
        finally:
            self._lanes.append(lane)

    def _run(self, rows: Array, lane: Lane) -> Array:
        count = len(rows) if rows.ndim else 0
        swift = self._swift if count and self._swift is not None and self._swift.willing else None
        size = self._tuning.padded(count) if swift is not None else count
        with torch.inference_mode(), lane.active():
            sent = lane.put(rows, size)
            answer = self._forward(sent) if swift is None else swift.run(sent, lane.kept)
            if size != count and (not answer.ndim or len(answer) != size):
                raise RunnerFailed(
                    f"the model answered {tuple(answer.shape)} to a batch of {size} rows, padded from {count}",
                    "SERVEWATCH_COMPILE=off runs batches as they are",
                )
            return lane.take(answer if size == count else answer[:count])

    def _forward(self, rows: torch.Tensor) -> torch.Tensor:
        """The model between numbers as they came and answers that numpy has a dtype for."""
        if self._dtype is not None and rows.is_floating_point():
            rows = rows.to(self._dtype)
        answer = self._module(rows)
        if not isinstance(answer, torch.Tensor):
            raise RunnerFailed(
                f"the model answered {a(type(answer).__name__)}, expected one tensor of rows",
                "wrap it in a module that answers a tensor, or call model.raw",
            )
        return answer.float() if answer.dtype == torch.bfloat16 else answer
