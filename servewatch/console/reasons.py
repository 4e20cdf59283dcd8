"""Why a panel is empty: the reasons of `servewatch check --live`, asked through the console's own way to Prometheus."""

from __future__ import annotations

import json
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from servewatch.console.errors import PartMissing, QueryUnreadable, UpstreamInvalid
from servewatch.console.proxy import Upstream, ask

if TYPE_CHECKING:
    from servewatch.check import Declared
    from servewatch.check.live import Prometheus


def why(query: str, upstream: Upstream) -> dict[str, str]:
    """Why this query has no result now; an empty reason where it has one."""
    live = _live()
    try:
        return {"query": query, "reason": live.reason(query, _asking(upstream), _declared())}
    except ValueError as error:
        raise QueryUnreadable(f"{query!r} is no query: {error}", "write it as Prometheus does") from None


def empty(folder: Path, upstream: Upstream) -> dict[str, Any]:
    """Every query of every panel that has no result now, with the reason; what is rightly empty is left out."""
    live = _live()
    from servewatch.check.sources import asked, found

    prometheus, panels, looked = _asking(upstream), [], 0
    sources = [source for source in found(folder)[0] if source.kind == "dashboard"]
    for source in sources:
        queries = [query for query in asked([source]) if query.kind == "panel"]
        looked += len(queries)
        for problem in live.empty(queries, prometheus, _declared()):
            told = {"place": problem.place, "query": problem.text, "reason": problem.found.removeprefix("no result: ")}
            panels.append({"uid": source.content["uid"], "title": source.content["title"], **told})
    return {"queries": looked, "dashboards": len(sources), "empty": panels}


def _live() -> Any:
    try:
        from servewatch.check import live
    except ImportError:
        raise PartMissing(
            "to say why a query is empty it must be read, and promql-parser is not installed",
            'pip install "servewatch[generate]"',
        ) from None
    return live


@cache
def _declared() -> Declared:
    from servewatch.check import declared

    return declared()


def _asking(upstream: Upstream) -> Prometheus:
    from servewatch.check.live import Prometheus

    class Passing(Prometheus):
        """Asks as the page does: with the address' password, without a proxy, with the same errors."""

        def ask(self, query: str) -> list[Any]:
            answer = ask(upstream, "api/v1/query", urlencode({"query": query}))
            try:
                said = json.loads(answer.body)
                result: list[Any] = said["data"]["result"]
            except (ValueError, KeyError, TypeError, HTTPException):
                text = answer.body[:300].decode(errors="replace")
                raise UpstreamInvalid(f"{upstream.title} refused the query {query}: {text}", "is it valid?") from None
            return result

    return Passing(upstream.shown)
