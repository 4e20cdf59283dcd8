"""Models: which one, in which version, answers."""

from __future__ import annotations

from monitoring.catalogue.metric import SERVICE_LABELS, Metric

INFO = Metric(
    name="servewatch_model_info",
    kind="gauge",
    help="Always 1: the model and version that the service has loaded, its framework, its reference's hash.",
    topic="models",
    labels=(*SERVICE_LABELS, "model", "model_version", "framework", "reference"),
    add="max",
)

SAVED = Metric(
    name="servewatch_model_saved_timestamp_seconds",
    kind="gauge",
    help="When the model's version was saved, since the epoch: how old it is.",
    topic="models",
    unit="seconds",
    labels=(*SERVICE_LABELS, "model", "model_version"),
    add="max",
)

LOAD_FAILURES = Metric(
    name="servewatch_model_load_failures_total",
    kind="counter",
    help="How often the service could not start, as a model did not load or its own code raised.",
    topic="models",
)

ALL = (INFO, SAVED, LOAD_FAILURES)
