"""One watched input or output as it was in the reference: its bins, and how many rows fell into each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal

Role = Literal["input", "output"]
ROLES: tuple[Role, ...] = ("input", "output")

MISSING, OTHER = "missing", "other"
MOST_EDGES = 98
_PRIOR = 0.5


class ReferenceInvalid(ValueError):
    """A reference that cannot be read, or that does not fit what it is compared with."""


@dataclass(frozen=True, slots=True)
class Feature:
    """Its bins are `00` (below the reference), `01`… up to above it, and `missing`; or its values, `other`, `missing`.

    A number belongs to the bin whose number is the count of `edges` below it: bins are open at the left and
    closed at the right. `middles` and `spread` (mean of each ordered bin, standard deviation) are for people
    and for distances.
    """

    name: str
    role: Role
    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    dtype: str = "float64"
    middles: tuple[float, ...] = ()
    spread: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what could not be counted against."""
        if self.role not in ROLES:
            raise ReferenceInvalid(f"feature {self.name!r} has the role {self.role!r}: it is one of {ROLES}")
        if bool(self.edges) == bool(self.values):
            raise ReferenceInvalid(f"feature {self.name!r} has either edges or values: {self.edges}, {self.values}")
        if any(a >= b for a, b in pairwise(self.edges)) or len(self.edges) > MOST_EDGES:
            raise ReferenceInvalid(f"feature {self.name!r}: edges rise, at most {MOST_EDGES} of them: {self.edges}")
        if len(set(self.bins)) != len(self.bins):
            raise ReferenceInvalid(f"feature {self.name!r} has a bin twice: {self.bins}")
        if len(self.counts) != len(self.bins) or min(self.counts) < 0:
            raise ReferenceInvalid(f"feature {self.name!r} has {len(self.bins)} bins and the counts {self.counts}")
        if self.middles and len(self.middles) != len(self.edges) + 1:
            raise ReferenceInvalid(f"feature {self.name!r} has {len(self.edges) + 1} ordered bins, not as many middles")

    @property
    def ordered(self) -> bool:
        """Whether its bins have an order."""
        return bool(self.edges)

    @property
    def bins(self) -> tuple[str, ...]:
        """The label of each bin."""
        if self.edges:
            return (*(f"{i:02d}" for i in range(len(self.edges) + 1)), MISSING)
        return (*self.values, OTHER, MISSING)

    @property
    def rows(self) -> int:
        """How many rows it was learnt from."""
        return sum(self.counts)

    @property
    def ratios(self) -> tuple[float, ...]:
        """The share of each bin, smoothed so that none is 0."""
        whole = self.rows + _PRIOR * len(self.counts)
        return tuple((count + _PRIOR) / whole for count in self.counts)

    @property
    def scores(self) -> tuple[float, ...]:
        """For each ordered bin the share of the ordered rows below its middle."""
        shares = self.ratios[: len(self.edges) + 1] if self.edges else ()
        whole = sum(shares)
        return tuple((end - share / 2) / whole for end, share in zip(accumulate(shares), shares, strict=True))

    @property
    def gaps(self) -> tuple[float, ...]:
        """For each ordered bin the way from its middle to the next one's, in standard deviations; 0 for the last."""
        if not self.middles or self.spread <= 0:
            return ()
        return (*((b - a) / self.spread for a, b in pairwise(self.middles)), 0.0)

    def plain(self) -> dict[str, Any]:
        """What is written of it: only what it has."""
        held = {name: getattr(self, name) for name in self.__slots__}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in held.items() if v not in ((), 0.0)}

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Feature:
        """Make one of what `plain` wrote."""
        try:
            read: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in plain.items()}
            return cls(**read)
        except TypeError as error:
            raise ReferenceInvalid(f"a feature cannot be read: {error}") from None
