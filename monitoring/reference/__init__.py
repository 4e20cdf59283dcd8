"""The reference that live traffic is compared with."""

from __future__ import annotations

from monitoring.reference.extractor import Extracted, Extractor, extractor
from monitoring.reference.feature import Feature, ReferenceInvalid, Role
from monitoring.reference.outputs import Answers
from monitoring.reference.profile import Reference

__all__ = ["Answers", "Extracted", "Extractor", "Feature", "Reference", "ReferenceInvalid", "Role", "extractor"]
