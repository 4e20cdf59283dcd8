"""Own: what tells of the metrics that users declare themselves."""

from __future__ import annotations

from monitoring.catalogue.metric import SERVICE_LABELS, Metric

LABEL_VALUES_DROPPED = Metric(
    name="servewatch_label_values_dropped_total",
    kind="counter",
    help="Label values of a user's metric that were counted as `other`, as the label had its most values already.",
    topic="own",
    labels=(*SERVICE_LABELS, "metric", "label"),
)

ALL = (LABEL_VALUES_DROPPED,)
