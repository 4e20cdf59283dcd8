"""An app with `monitoring.instrument`, or a service of ours that another stack runs: they have our own names."""

from __future__ import annotations

from alerts.adapters.adapter import SIGNALS, Adapter
from monitoring.catalogue import batching, requests

SERVEWATCH = Adapter(
    kind="servewatch",
    server="servewatch",
    number=12,
    port=9464,
    metrics=(
        requests.TOTAL,
        requests.DURATION,
        requests.IN_PROGRESS,
        batching.QUEUE_REQUESTS,
        batching.QUEUE_SECONDS,
        batching.BATCH_SIZE,
    ),
    own=SIGNALS,
    known=requests.IN_PROGRESS,
    # A gauge, and not the signals' own histograms: it is there from the first scrape on.
    shown_by=dict.fromkeys(("queue_requests", "queue_seconds", "batch_size"), batching.QUEUE_REQUESTS),
    reference=True,
    absent="Does not batch",
    notes=(
        "For a FastAPI, Starlette or Flask app that calls monitoring.instrument and runs under a server of its own: "
        "name the port on which it shows /metrics, and the service, as in servewatch=127.0.0.1:8000,service=ranking.",
        "The service is shown under the name of the target; the app's own is kept as the label exported_service.",
        "Queue, wait and batch size are told by services that have a runner. The same rules say of an app that the "
        "stack itself runs that it does not batch.",
        "What a Watcher in the app counts is scored as our own services' traffic is; its reference is scraped at "
        "/metrics/reference, or below whatever path the metrics have.",
    ),
)
