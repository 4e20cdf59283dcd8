"""Quality: how often a model is right, estimated from its confidence and measured by labels that come later."""

from __future__ import annotations

from monitoring.catalogue.drift import MODEL
from monitoring.catalogue.metric import SERVICE_LABELS, Metric

CONFIDENCE = (*MODEL, "reference", "bin")

CONFIDENCE_ACCURACY = Metric(
    name="servewatch_confidence_accuracy_ratio",
    kind="gauge",
    help="Accuracy of the reference's rows in this bin of the output feature `confidence`.",
    topic="quality",
    unit="ratio",
    labels=CONFIDENCE,
    add="max",
)

ACCURACY_MINIMUM = Metric(
    name="servewatch_accuracy_minimum_ratio",
    kind="gauge",
    help="The accuracy below which alerts fire, where the service's settings have one.",
    topic="quality",
    unit="ratio",
    labels=(*MODEL, "reference"),
    add="max",
)

LABELLED = Metric(
    name="servewatch_feedback_labelled_total",
    kind="counter",
    help="Predictions whose true label came, by the bin of their confidence.",
    topic="quality",
    labels=CONFIDENCE,
)

CORRECT = Metric(
    name="servewatch_feedback_correct_total",
    kind="counter",
    help="Predictions that their true label confirmed, by the bin of their confidence.",
    topic="quality",
    labels=CONFIDENCE,
)

REJECTED = Metric(
    name="servewatch_feedback_rejected_total",
    kind="counter",
    help="Labels that were not counted: for an unknown prediction, too late, a second time, or unreadable.",
    topic="quality",
    labels=(*SERVICE_LABELS, "model", "model_version", "reason"),
    values={"reason": ("unmatched", "late", "duplicate", "invalid")},
)

ALL = (CONFIDENCE_ACCURACY, ACCURACY_MINIMUM, LABELLED, CORRECT, REJECTED)
