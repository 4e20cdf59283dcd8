"""Which spans are recorded: those of sampled traces, and the share of new ones that was asked for."""

from __future__ import annotations

from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)

_KEY = "servewatch.chosen"
CHOSEN = Context({_KEY: True})
"""The context in which a trace begins that was chosen already."""


class _Root(Sampler):
    """For traces that begin here: those that were chosen, and of others, such as a background task's, a share."""

    def __init__(self, share: float) -> None:
        self._share = TraceIdRatioBased(share)

    def should_sample(self, parent_context: Context | None, trace_id: int, name: str, *more: Any, **rest: Any) -> Any:
        """Decide for a span that has no parent."""
        if parent_context is not None and parent_context.get(_KEY):
            return SamplingResult(Decision.RECORD_AND_SAMPLE)
        return self._share.should_sample(parent_context, trace_id, name, *more, **rest)

    def get_description(self) -> str:
        """What it does, for OpenTelemetry's own messages."""
        return f"servewatch: {self._share.get_description()}"


def sampler(share: float) -> Sampler:
    """A caller's decision counts; where there is none, this share."""
    return ParentBased(_Root(share))
