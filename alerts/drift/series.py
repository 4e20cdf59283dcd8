"""Every series of drift that is recorded: its name, its labels, its meaning. Formulas, panels and alerts start here."""

from __future__ import annotations

from alerts.series import Series

FEATURE = ("service", "model", "model_version", "reference", "feature", "role")
"""What tells a watched feature from another. The service's own version does not: its releases watch together."""

WINDOWED = (*FEATURE, "window")
SERVICE = ("service", "window")


REFERENCE_RATIO = Series(
    "drift:reference_ratio", (*FEATURE, "bin"), "Share of the reference's rows in each bin; never 0."
)
REFERENCE_SCORE = Series(
    "drift:reference_score", (*FEATURE, "bin"), "Share of the reference below a bin's middle, for features with order."
)
REFERENCE_ORDERED_RATIO = Series(
    "drift:reference_ordered_ratio", (*FEATURE, "bin"), "Share of the reference's rows that are in order, by bin."
)
REFERENCE_ROWS = Series("drift:reference_rows", FEATURE, "Rows that the feature's reference was learnt from.")
SLICE_COUNT = Series("drift:slice_count", (*FEATURE, "bin"), "Rows in each bin in the last step, over all replicas.")
SLICE_ROWS = Series("drift:slice_rows", FEATURE, "Rows in the last step.")
BIN_COUNT = Series("drift:bin_count", (*WINDOWED, "bin"), "Rows in each bin over each window.")
ROWS = Series("drift:rows", WINDOWED, "Rows over each window: how much stands behind each score.")
BIN_DELTA = Series(
    "drift:bin_delta", (*WINDOWED, "bin"), "How much larger a bin's share is live than in the reference."
)
BIN_RATIO = Series(
    "drift:bin_ratio", (*WINDOWED, "bin"), "Live share of each bin, smoothed as the reference's is; never 0."
)
DEGREES = Series("drift:degrees", WINDOWED, "Bins of a feature, less one.")
SLICE_WEIGHT = Series("drift:slice_weight", FEATURE, "How much the last two steps say about each other, in rows.")
SLICE_EXCESS = Series("drift:slice_excess", FEATURE, "How much the last two steps differ, times their weight.")
DESIGN_EFFECT = Series(
    "drift:design_effect", FEATURE, "How many rows count as one, because they come in bursts of alike ones; 1 if not."
)
EFFECTIVE_ROWS = Series("drift:effective_rows", WINDOWED, "Independent rows that the rows of a window are worth.")
WEIGHT = Series("drift:weight", WINDOWED, "Effective live rows, of those and the reference's together.")
SCALE = Series("drift:scale", WINDOWED, "How many rows' worth of evidence a comparison rests on.")

PSI = Series("drift:psi", WINDOWED, "Population stability index between live rows and the reference.")
JENSEN_SHANNON = Series("drift:jensen_shannon", WINDOWED, "Jensen-Shannon divergence, in bits: 0 alike, 1 disjoint.")
TOTAL_VARIATION = Series("drift:total_variation", WINDOWED, "Share of the rows that lie in other bins than they did.")
KS = Series("drift:ks", WINDOWED, "Kolmogorov-Smirnov distance over the bins, for features with order.")
WASSERSTEIN = Series(
    "drift:wasserstein", WINDOWED, "How far rows moved on average, in the reference's standard deviations."
)
RANK_SHIFT = Series(
    "drift:rank_shift", WINDOWED, "How much more often a live row is larger than one of the reference, less one half."
)
G = Series("drift:g", WINDOWED, "Likelihood ratio of the effective live rows against the reference.")
Z = Series("drift:z", WINDOWED, "How surely the bins differ by more than the smallest drift that matters.")
RANK_Z = Series("drift:rank_z", WINDOWED, "How surely the ranks shifted by more than matters, for features with order.")
SCORE = Series("drift:score", WINDOWED, "The surer of drift:z and drift:rank_z: what alerts look at.")

ORDERED_ROWS = Series("drift:ordered_rows", WINDOWED, "Rows that are in order: none of them missing.")
ORDERED_DELTA = Series(
    "drift:ordered_delta", (*WINDOWED, "bin"), "What drift:bin_delta is, of the rows that are in order."
)
CDF_GAP = Series("drift:cdf_gap", (*WINDOWED, "bin"), "How much more rows are live in this bin or below it.")

FEATURES = Series("drift:features", SERVICE, "Features that a service watches, over all its models.")
Z_TAIL = Series("drift:z_tail", SERVICE, "How rare a false alarm must be: the root of twice its negative logarithm.")
Z_CRITICAL = Series(
    "drift:z_critical", SERVICE, "The score above which an alert fires, so that false ones are as rare as accepted."
)
QUALITY_RATIO = Series(
    "drift:quality_ratio", (*WINDOWED, "kind"), "Share of the rows that are missing, out_of_range or unseen."
)
QUALITY_REFERENCE_RATIO = Series("drift:quality_reference_ratio", (*FEATURE, "kind"), "The same in the reference.")
