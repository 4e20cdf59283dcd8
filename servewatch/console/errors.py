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


class SilenceInvalid(ServewatchError):
    """What was to become a silence is none."""

    status = 400
    code = "silence_invalid"


class ForeignRequest(ServewatchError):
    """Another site, or a name that is not the console's own, asked for a change through a reader's browser."""

    status = 403
    code = "foreign_request"


class TokenMissing(ServewatchError):
    """The console asks for a token, and this request has none, or a wrong one."""

    status = 401
    code = "token_missing"
    headers = {"www-authenticate": "Bearer"}


class TokenInvalid(ServewatchError):
    """The file of the token holds none."""

    code = "token_invalid"


class QueryUnreadable(ServewatchError):
    """What was to be explained is no query."""

    status = 400
    code = "query_unreadable"


class PartMissing(ServewatchError):
    """This installation lacks what the question needs."""

    status = 501
    code = "part_missing"
