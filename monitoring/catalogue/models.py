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

ALL = (INFO,)
