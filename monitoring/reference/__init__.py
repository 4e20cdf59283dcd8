"""The reference that live traffic is compared with."""

from monitoring.reference.feature import Feature, ReferenceInvalid, Role
from monitoring.reference.profile import Reference

__all__ = ["Feature", "Reference", "ReferenceInvalid", "Role"]
