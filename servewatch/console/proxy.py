"""The way from the page to Prometheus, Alertmanager and the receiver: reads that are on a list, and silences."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from servewatch.console import guard
from servewatch.console.errors import (
    RouteUnknown,
    SilenceInvalid,
    SourceInvalid,
    UpstreamInvalid,
    UpstreamUnreachable,
)
from servewatch.console.fetch import READ_SECONDS, Answer, fetch

_JSON = "application/json"


@dataclass(frozen=True)
class Upstream:
    """A server that the page may read from, and the paths there that it may read."""

    name: str
    title: str
    url: str
    paths: re.Pattern[str]
    option: str

    def __post_init__(self) -> None:
        """Refuse what no request can be sent to."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SourceInvalid(
                f"the address of {self.title} is {self.shown!r}, which is not like http://127.0.0.1:9090",
                f"servewatch console {self.option} http://127.0.0.1:9090",
            )

    @property
    def shown(self) -> str:
        """The address without a user's name and password, for messages and for the page."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


_PROMETHEUS = re.compile(
    r"api/v1/(query|query_range|query_exemplars|series|labels|label/[a-zA-Z_][a-zA-Z0-9_]*/values|rules|alerts|targets)"
)
_ALERTMANAGER = re.compile(r"api/v2/(alerts|silences)")
_WRITES = {"POST": re.compile(r"api/v2/silences"), "DELETE": re.compile(r"api/v2/silence/[0-9a-fA-F-]{36}")}
"""All that the page may write, and only at Alertmanager: a silence, and its end."""

_LARGEST = 65536
_RECEIVER = re.compile(r"notifications")


def upstreams(prometheus: str, alertmanager: str, receiver: str) -> dict[str, Upstream]:
    """The three servers, by the name that stands in the page's addresses."""
    found = (
        Upstream("prometheus", "Prometheus", prometheus, _PROMETHEUS, "--prometheus"),
        Upstream("alertmanager", "Alertmanager", alertmanager, _ALERTMANAGER, "--alertmanager"),
        Upstream("receiver", "The receiver", receiver, _RECEIVER, "--receiver"),
    )
    return {upstream.name: upstream for upstream in found}


class Proxy:
    """Passes on what is on the list; each read waits in a thread of its own, so that no other waits for it."""

    def __init__(self, servers: dict[str, Upstream]) -> None:
        self.servers = servers

    async def answer(self, request: Request) -> Response:
        """Answer with what the upstream answers, if it may be asked."""
        name, path = request.path_params["upstream"], request.path_params["path"]
        upstream = self.servers.get(name)
        if upstream is None or not _allowed(upstream, request.method, path):
            raise RouteUnknown(
                f"the console does not pass on {request.method} {request.url.path!r}",
                "it passes on reads (queries, series, labels, rules, alerts, targets, notifications) and silences",
            )
        body = await _written(request) if request.method != "GET" else b""
        return _passed_on(
            upstream, await run_in_threadpool(ask, upstream, path, request.url.query, request.method, body)
        )


def _allowed(upstream: Upstream, method: str, path: str) -> bool:
    if method == "GET":
        return upstream.paths.fullmatch(path) is not None
    return upstream.name == "alertmanager" and method in _WRITES and _WRITES[method].fullmatch(path) is not None


async def _written(request: Request) -> bytes:
    """The body of a write that a reader of this page sent, and not another site through their browser."""
    guard.refuse_foreign(request)
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > _LARGEST:
            raise SilenceInvalid(
                f"a silence of more than {_LARGEST} bytes", "name fewer matchers, or a shorter comment"
            )
    return read


def ask(upstream: Upstream, path: str, query: str, method: str = "GET", body: bytes = b"") -> Answer:
    """What the upstream answers; an error that names it where it does not."""
    try:
        return fetch(upstream.url, path, query, method, body)
    except TimeoutError:
        message = f"{upstream.title} at {upstream.shown} does not answer within {READ_SECONDS:.0f} s"
        raise UpstreamUnreachable(message, "ask for a shorter time range, or look at its load") from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        message = f"{upstream.title} at {upstream.shown} does not answer ({why})"
        help = f"start it, or name another: servewatch console {upstream.option} URL"
        raise UpstreamUnreachable(message, help) from None


def _passed_on(upstream: Upstream, answer: Answer) -> Response:
    if answer.status == 200 and not answer.body:
        answer = Answer(200, _JSON, b"{}")
    if not answer.kind.startswith(_JSON):
        said = f"{answer.status} {answer.kind or 'without a content type'}"
        raise UpstreamInvalid(
            f"{upstream.title} at {upstream.shown} answers {said}, not JSON",
            f"is that the right address? servewatch console {upstream.option} URL",
        )
    return Response(answer.body, answer.status, media_type=_JSON, headers={"cache-control": "no-store"})
