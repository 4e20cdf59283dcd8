"""Series as promtool reads them: straight pieces, one after the other, sampled at even distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.catalogue import Metric
from serving.errors import ServewatchError


class IncidentInvalid(ServewatchError):
    """An incident is declared in a way in which it could not be replayed, or asked for by a name that none has."""

    code = "incident_invalid"


@dataclass(slots=True)
class Line:
    """The values of one series."""

    step: float
    text: list[str] = field(default_factory=list)
    value: float = 0.0
    """What a counter stands at."""
    _there: bool = False

    def add(self, seconds: float, start: float, slope: float = 0.0) -> None:
        """Go on for so long, from a value and by so much a second."""
        count = self._count(seconds)
        sign = "-" if slope < 0 else "+"
        rise = f"{sign}{_number(abs(slope) * self.step)}" if slope else ""
        self.text.append(f"{_number(start)}{rise}x{count - 1}")
        self._there = True

    def count(self, seconds: float, per_second: float, more: float = 0.0) -> None:
        """Go on counting for so long, after a step up."""
        self.value += more
        self.add(seconds, self.value, per_second)
        self.value += per_second * seconds

    def skip(self, seconds: float, gone: bool = True) -> None:
        """Have no samples for so long: gone, which Prometheus notes, or only not looked at."""
        count = self._count(seconds)
        if gone and self._there:
            self.text.append("stale")
            count -= 1
        if count:
            self.text.append(f"_x{count}")
        self._there = self._there and not gone

    def _count(self, seconds: float) -> int:
        count = round(seconds / self.step)
        if count < 1 or abs(count * self.step - seconds) > 1e-6:
            raise IncidentInvalid(f"a phase of {seconds:g} s is no whole number of samples of {self.step:g} s")
        return count


@dataclass(slots=True)
class Lines:
    """All series of an incident, by their names and labels."""

    step: float
    found: dict[str, Line] = field(default_factory=dict)

    def of(self, metric: Metric | str, labels: Mapping[str, str], before: float = 0.0) -> Line:
        """The series of a metric with these labels; `before` is how long it was not there when it begins."""
        name = metric if isinstance(metric, str) else metric.name
        inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
        series = f"{name}{{{inside}}}"
        if series not in self.found:
            self.found[series] = Line(self.step)
            if before:
                self.found[series].skip(before)
        return self.found[series]

    def entries(self) -> list[dict[str, str]]:
        """As `input_series` of a file of promtool's."""
        return [{"series": series, "values": " ".join(line.text)} for series, line in self.found.items()]


def _number(value: float) -> str:
    return f"{value:.12g}"
