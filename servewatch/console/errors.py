"""What can go wrong between the page and the servers that it looks at."""

from __future__ import annotations

from serving.errors import NotFound, ServewatchError


class UpstreamUnreachable(ServewatchError):
    """Prometheus, Alertmanager or the receiver does not answer."""

    status = 502
    code = "upstream_unreachable"


class UpstreamInvalid(ServewatchError):
    """What answers at an upstream's address is not that upstream."""

    status = 502
    code = "upstream_invalid"


class DashboardInvalid(ServewatchError):
    """A file in the folder of dashboards is no dashboard."""

    code = "dashboard_unreadable"


class RunbookMissing(ServewatchError):
    """The runbook that comes with the alerts is not there, or is no text."""

    code = "runbook_unreadable"


class RouteUnknown(NotFound):
    """The console has no such address, or lets nobody through to it."""


class SourceInvalid(ServewatchError):
    """An address that the console was given is none."""

    code = "source_invalid"
