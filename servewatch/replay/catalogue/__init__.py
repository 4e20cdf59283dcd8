"""Every incident, a file per topic."""

from __future__ import annotations

from collections.abc import Sequence

from servewatch.replay.catalogue import batching, drift, models, quality, quiet, requests, slo, stack
from servewatch.replay.incident import Incident
from servewatch.replay.pieces import IncidentInvalid

INCIDENTS: tuple[Incident, ...] = (
    *requests.INCIDENTS,
    *batching.INCIDENTS,
    *models.INCIDENTS,
    *drift.INCIDENTS,
    *quality.INCIDENTS,
    *slo.INCIDENTS,
    *stack.INCIDENTS,
    *quiet.INCIDENTS,
)


def chosen(names: Sequence[str]) -> tuple[Incident, ...]:
    """The incidents with these names; all where none is named."""
    known = {incident.name: incident for incident in INCIDENTS}
    for name in names:
        if name not in known:
            raise IncidentInvalid(f"there is no incident {name!r}", f"one of {', '.join(known)}")
    return tuple(known[name] for name in names) or INCIDENTS
