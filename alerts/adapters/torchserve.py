"""TorchServe 0.8 and later: counters alone, of each model and of the server."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import BY, Answers, Where, answered, quotient
from alerts.adapters.foreign import SECONDS, counter
from alerts.promql import Expr, or_zero, rate, total
from alerts.windows import LONG

_MODEL = ("model_name", "model_version", "hostname")

REQUESTS = counter("ts_inference_requests_total", "Inferences that were asked for.", *_MODEL)
QUEUE_TIME = counter("ts_queue_latency_microseconds", "Time that requests waited.", *_MODEL, unit="microseconds")
FAILED = counter("Requests5XX", "Answers with 5xx, of the whole server.", "Level", "Hostname")
REFUSED = counter("Requests4XX", "Answers with 4xx, of the whole server.", "Level", "Hostname")


def _fine(window: str, chosen: Where) -> Expr:
    """Inferences are counted as they come, whatever becomes of them."""
    whole, failed = (total(BY, rate(metric, window, **chosen)) for metric in (REQUESTS, FAILED))
    return Expr(f"clamp_min({whole} - {or_zero(failed, whole)}, 0)", BY)


TORCHSERVE = Adapter(
    kind="torchserve",
    server="TorchServe",
    number=10,
    port=8082,
    metrics=(REQUESTS, QUEUE_TIME, FAILED, REFUSED),
    requests=(Answers(_fine, "200"), answered(REFUSED, "400"), answered(FAILED, "500")),
    gauges={"queue_seconds": quotient(QUEUE_TIME, REQUESTS, LONG, SECONDS["microseconds"])},
    notes=(
        "It tells anything only with metrics_mode=prometheus in config.properties.",
        "Failures are those of the whole server, its other addresses included. It has no percentiles of any kind.",
    ),
)
