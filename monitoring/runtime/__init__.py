"""What the process itself does: the garbage collector, the threads, the GPUs."""

from __future__ import annotations

from monitoring.runtime.collector import GarbageCollection, watch_garbage_collection
from monitoring.runtime.gpus import Gpus, watch_gpus
from monitoring.runtime.threads import CountingExecutor, watch_threads

__all__ = [
    "CountingExecutor",
    "GarbageCollection",
    "Gpus",
    "watch_garbage_collection",
    "watch_gpus",
    "watch_threads",
]
