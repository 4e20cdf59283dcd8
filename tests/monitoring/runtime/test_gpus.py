from __future__ import annotations

import math
import sys
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitoring import Metrics
from monitoring.catalogue import runtime
from monitoring.merge import merge, snapshot
from monitoring.runtime import Gpus, watch_gpus
from tests.monitoring.runtime.nvml import Nvml

H200 = {"name": "NVIDIA H200", "utilisation": 42, "memory": (3 << 30, 141 << 30), "milliwatts": 512_500, "celsius": 61}
PART = {"name": b"A part of one", "memory": (1, 2)}


def made() -> tuple[CollectorRegistry, Metrics]:
    registry = CollectorRegistry()
    return registry, Metrics(registry, {"service": "shop", "version": "1"})


def read(registry: CollectorRegistry, name: str, gpu: str, device: str) -> float | None:
    return registry.get_sample_value(name, {"service": "shop", "version": "1", "gpu": gpu, "device": device})


def test_each_gpu_shows_its_use_memory_power_and_temperature() -> None:
    """In base units: a ratio, bytes, watts, degrees Celsius."""
    registry, metrics = made()
    watch_gpus(metrics, Nvml(H200, {**H200, "utilisation": 100}))
    names = [metric.name for metric in runtime.GPU]
    assert [read(registry, name, "0", "NVIDIA H200") for name in names] == [0.42, 3 << 30, 141 << 30, 512.5, 61]
    assert read(registry, "servewatch_gpu_utilisation_ratio", "1", "NVIDIA H200") == 1.0


def test_what_a_gpu_does_not_tell_is_nan() -> None:
    """The rest of it is shown all the same."""
    registry, metrics = made()
    watch_gpus(metrics, Nvml(PART))
    assert read(registry, "servewatch_gpu_memory_used_bytes", "0", "A part of one") == 1
    assert math.isnan(read(registry, "servewatch_gpu_power_watts", "0", "A part of one") or 0.0)


@pytest.mark.parametrize("nvml", [Nvml(), Nvml(H200, broken="driver not loaded")])
def test_without_a_gpu_nothing_is_shown(nvml: Any) -> None:
    """Neither no device nor no driver is an error, and not even a help line stands on the page."""
    registry, metrics = made()
    watch_gpus(metrics, nvml)
    assert generate_latest(registry) == b""


def test_without_nvml_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    registry, metrics = made()
    assert watch_gpus(metrics) is None
    assert generate_latest(registry) == b""


def test_the_driver_is_asked_once_in_a_while() -> None:
    """Five metrics and many scrapes within two seconds are one reading."""
    now, nvml = [0.0], Nvml(dict(H200))
    gpus = Gpus(nvml, lambda: now[0])
    assert {gpus.value(0, metric) for metric in runtime.GPU} >= {0.42, 61.0}
    nvml.devices[0]["celsius"] = 70
    now[0] = 1.9
    assert (gpus.value(0, runtime.GPU_TEMPERATURE), nvml.asked) == (61.0, 1)
    now[0] = 2.1
    assert (gpus.value(0, runtime.GPU_TEMPERATURE), nvml.asked) == (70.0, 2)


def test_a_gpu_that_two_processes_show_is_one() -> None:
    """Merged, it has not twice the memory."""
    pages = []
    for _ in range(2):
        registry, metrics = made()
        watch_gpus(metrics, Nvml(H200))
        pages.append(snapshot(registry))
    (memory,) = [family for family in merge(pages) if family.name == "servewatch_gpu_memory_bytes"]
    assert [sample.value for sample in memory.samples] == [141 << 30]


def test_the_stand_in_has_the_names_that_nvml_has() -> None:
    """Each function and constant that we call is pynvml's too."""
    pynvml = pytest.importorskip("pynvml")
    names = [name for name in vars(Nvml) if name.startswith(("nvml", "NVML"))]
    assert len(names) == 10
    assert [name for name in names if not hasattr(pynvml, name)] == []
    assert issubclass(pynvml.NVMLError, Exception)
