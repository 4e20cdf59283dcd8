"""A user's own metrics: one line declares one, with its panel and its alert. OWN.md beside this folder is the guide."""

from __future__ import annotations

from monitoring.catalogue.declaration import Alert, Declaration, DeclarationInvalid, Panel
from monitoring.own.declarations import BUCKETS, LIMIT, Declarations
from monitoring.own.live import OTHER, Counter, Gauge, Histogram

DECLARED = Declarations()
"""What this process has declared."""

counter = DECLARED.counter
gauge = DECLARED.gauge
histogram = DECLARED.histogram
expose = DECLARED.expose

__all__ = [
    "BUCKETS",
    "DECLARED",
    "LIMIT",
    "OTHER",
    "Alert",
    "Counter",
    "Declaration",
    "DeclarationInvalid",
    "Declarations",
    "Gauge",
    "Histogram",
    "Panel",
    "counter",
    "expose",
    "gauge",
    "histogram",
]
