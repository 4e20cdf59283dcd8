"""Servers that are not ours, a file each: their metrics fill the recordings that dashboards and alerts read."""

from __future__ import annotations

from alerts.adapters import (
    bentoml,
    fastapi,
    kserve,
    mlserver,
    ray,
    seldon,
    servewatch,
    tensorflow,
    torchserve,
    triton,
    vllm,
)
from alerts.adapters.adapter import GAP, SIGNALS, Adapter, Drop, Signal
from alerts.adapters.foreign import UP
from alerts.rules import Recording
from monitoring.catalogue import Metric

ADAPTERS: tuple[Adapter, ...] = (
    bentoml.BENTOML,
    bentoml.BENTOML_1_0,
    mlserver.MLSERVER,
    triton.TRITON,
    tensorflow.TENSORFLOW,
    kserve.KSERVE,
    seldon.SELDON,
    ray.RAY,
    vllm.VLLM,
    torchserve.TORCHSERVE,
    fastapi.FASTAPI,
    servewatch.SERVEWATCH,
)
"""Every server that has an adapter."""

BY_KIND: dict[str, Adapter] = {adapter.kind: adapter for adapter in ADAPTERS}

METRICS: tuple[Metric, ...] = (
    UP,
    *{metric.name: metric for adapter in ADAPTERS if adapter.known is None for metric in adapter.metrics}.values(),
)
"""What these servers expose under names of their own, and our recordings read."""

GAPS: tuple[Recording, ...] = tuple(
    recording for adapter in ADAPTERS for recording in adapter.recordings() if recording.name == GAP
)
"""What says that a server does not tell a signal: the one recording that only adapters fill."""


def files() -> dict[str, str]:
    """The rule file of each, by name."""
    return {
        f"adapter-{adapter.kind}.rules.yml": adapter.rules_file(f"alerts/adapters/{adapter.kind.partition('-')[0]}.py")
        for adapter in ADAPTERS
    }


__all__ = ["ADAPTERS", "BY_KIND", "GAP", "GAPS", "METRICS", "SIGNALS", "Adapter", "Drop", "Signal", "files"]
