"""How the value of an alert is written: declared once beside its threshold, for sentences and for fields alike."""

from __future__ import annotations

from dataclasses import dataclass

WRITTEN = "{{ $value }}"
"""Where the summary of an alert has its value: it is rendered as the alert declares."""


@dataclass(frozen=True, slots=True)
class Value:
    """The digits and the unit of an alert's value."""

    digits: str
    """What Prometheus's templates make of the number."""
    unit: str = ""
    limited: bool = True
    """Whether the value itself is held against the threshold: a burn rate has several limits, an accuracy a margin."""

    @property
    def text(self) -> str:
        """The value, as a template of Prometheus."""
        return self._of("$value")

    def fields(self, threshold: float) -> dict[str, str]:
        """The annotations for programs: the value, and its limit where it has one, in the same digits."""
        limit = {"threshold": self._of(repr(float(threshold)))} if self.limited else {}
        return {"value": self.text} | limit

    def _of(self, number: str) -> str:
        return f"{{{{ {number} | {self.digits} }}}}{self.unit}"


def decimals(count: int, unit: str = "", limited: bool = True) -> Value:
    """A number with so many digits after its point."""
    return Value(f'printf "%.{count}f"', unit and f" {unit}", limited)


def percent(limited: bool = True) -> Value:
    """A share, as a percentage."""
    return Value("humanizePercentage", limited=limited)
