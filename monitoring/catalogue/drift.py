"""Drift: how often each bin of each watched feature was seen, and how often it was in the reference."""

from __future__ import annotations

from monitoring.catalogue.metric import SERVICE_LABELS, Metric

MODEL = (*SERVICE_LABELS, "model", "model_version")
FEATURE = (*MODEL, "reference", "feature", "role")

_ROLES = {"role": ("input", "output")}

MISSING, OTHER = "missing", "other"
"""The bins of rows without a value, and of values that are no category of the reference."""

OBSERVATIONS = Metric(
    name="servewatch_feature_observations_total",
    kind="counter",
    help="Rows in each bin of each watched input and output; `reference` is the hash of what they are compared with.",
    topic="drift",
    labels=(*FEATURE, "bin"),
    values=_ROLES,
)

REFERENCE_RATIO = Metric(
    name="servewatch_feature_reference_ratio",
    kind="gauge",
    help="Share of the reference's rows in this bin, smoothed so that it is never 0.",
    topic="drift",
    unit="ratio",
    labels=(*FEATURE, "bin"),
    values=_ROLES,
    add="max",
)

REFERENCE_SCORE = Metric(
    name="servewatch_feature_reference_score",
    kind="gauge",
    help="Share of the reference's rows below the middle of this bin, for features that have an order.",
    topic="drift",
    unit="ratio",
    labels=(*FEATURE, "bin"),
    values=_ROLES,
    add="max",
)

REFERENCE_GAP = Metric(
    name="servewatch_feature_reference_gap",
    kind="gauge",
    help="Distance from this bin's middle to the next one's, in standard deviations of the reference.",
    topic="drift",
    labels=(*FEATURE, "bin"),
    values=_ROLES,
    add="max",
)

REFERENCE_ROWS = Metric(
    name="servewatch_feature_reference_rows",
    kind="gauge",
    help="Rows that the feature's reference was learnt from.",
    topic="drift",
    labels=FEATURE,
    values=_ROLES,
    add="max",
)

DROPPED = Metric(
    name="servewatch_feature_rows_dropped_total",
    kind="counter",
    help="Rows that were answered and not watched: too many waited to be counted, or the model has no reference.",
    topic="drift",
    labels=MODEL,
)

FAILED = Metric(
    name="servewatch_feature_rows_failed_total",
    kind="counter",
    help="Rows that were answered and not watched: no features could be made of them. The log says why.",
    topic="drift",
    labels=MODEL,
)

ALL = (OBSERVATIONS, REFERENCE_RATIO, REFERENCE_SCORE, REFERENCE_GAP, REFERENCE_ROWS, DROPPED, FAILED)
