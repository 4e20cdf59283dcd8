"""GPUs through NVML (`pip install 'servewatch[gpu]'`): read when they are asked for, and not more than now and then."""

from __future__ import annotations

import functools
import importlib
import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from monitoring.catalogue import Metric, runtime
from monitoring.metrics import Metrics

CACHE = 2.0
"""Seconds for which what was read is good enough: processes that are asked each second do not ask the driver."""

log = logging.getLogger("monitoring.gpus")


class Gpus:
    """All GPUs that NVML shows. What cannot be read of one is NaN, for as long as it cannot."""

    def __init__(self, nvml: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._nvml, self._clock = nvml, clock
        self._lock = threading.Lock()
        self._read_at = -math.inf
        nvml.nvmlInit()
        self.handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
        self.names = [_text(nvml.nvmlDeviceGetName(handle)) for handle in self.handles]
        self._values: list[dict[Metric, float]] = [{} for _ in self.handles]

    def value(self, index: int, metric: Metric) -> float:
        """A GPU's number, as it was a moment ago."""
        with self._lock:
            if self._clock() - self._read_at >= CACHE:
                self._values = [self._read(handle) for handle in self.handles]
                self._read_at = self._clock()
            return self._values[index].get(metric, math.nan)

    def _read(self, handle: Any) -> dict[Metric, float]:
        nvml = self._nvml
        readers: dict[Metric, Callable[[], float]] = {
            runtime.GPU_UTILISATION: lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
            runtime.GPU_MEMORY_USED: lambda: nvml.nvmlDeviceGetMemoryInfo(handle).used,
            runtime.GPU_MEMORY: lambda: nvml.nvmlDeviceGetMemoryInfo(handle).total,
            runtime.GPU_POWER: lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000,
            runtime.GPU_TEMPERATURE: lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
        }
        return {metric: self._try(reader) for metric, reader in readers.items()}

    def _try(self, reader: Callable[[], float]) -> float:
        """Not every GPU tells everything: a part of one has no power of its own."""
        try:
            return float(reader())
        except self._nvml.NVMLError:
            return math.nan


def watch_gpus(metrics: Metrics, nvml: Any = None) -> Gpus | None:
    """Show this machine's GPUs in these metrics; None, and nothing shown, where there is none or NVML is missing."""
    if nvml is None:
        try:
            nvml = importlib.import_module("pynvml")
        except ImportError:
            return None
    try:
        gpus = Gpus(nvml)
    except nvml.NVMLError as error:
        log.debug("no GPU is shown: %s", error)
        return None
    for index, name in enumerate(gpus.names):
        for metric in runtime.GPU:
            gauge = metrics.gauge(metric, gpu=str(index), device=name)
            gauge.set_function(functools.partial(gpus.value, index, metric))
    return gpus


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
