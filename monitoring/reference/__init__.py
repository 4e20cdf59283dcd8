"""The reference that live traffic is compared with."""

from __future__ import annotations

from monitoring.reference.counting import added, counted
from monitoring.reference.extractor import Extracted, Extractor, extractor
from monitoring.reference.feature import Feature, ReferenceInvalid, Role
from monitoring.reference.learner import Learner, learn
from monitoring.reference.options import Options
from monitoring.reference.outputs import Answers
from monitoring.reference.profile import Reference

__all__ = [
    "Answers",
    "Extracted",
    "Extractor",
    "Feature",
    "Learner",
    "Options",
    "Reference",
    "ReferenceInvalid",
    "Role",
    "added",
    "counted",
    "extractor",
    "learn",
]
