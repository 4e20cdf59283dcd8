"""Live traffic, counted in the bins of the reference."""

from monitoring.drift.watcher import Watcher

__all__ = ["Watcher"]
