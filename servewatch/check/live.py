"""Panels against a running Prometheus: which of them are empty, and why."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from alerts.adapters import GAP
from alerts.promql import select
from alerts.requests import JOB, UP
from monitoring.catalogue import stack
from servewatch.check.declared import Declared
from servewatch.check.optional import shown_by
from servewatch.check.problem import Problem
from servewatch.check.sources import DASHBOARDS, Query
from servewatch.check.texts import plain
from serving.errors import ServewatchError

_TIMEOUT = 10.0
_MAY_BE_EMPTY = {"ALERTS"}
"""What has no series when all is well."""

_ANSWERING = f"{select(stack.UP, job=JOB)} == 1"


class PrometheusUnreachable(ServewatchError):
    """The Prometheus that was named does not answer as one."""

    code = "prometheus_unreachable"


class Prometheus:
    """Asks a running Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def ask(self, query: str) -> list[Any]:
        """Run a query at this moment."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
                data = json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            said = refused.read(500).decode(errors="replace")
            raise PrometheusUnreachable(
                f"{self.url} refused the query {query}: {said}", "is it a Prometheus?"
            ) from refused
        except (OSError, ValueError, KeyError, TypeError) as failed:
            advice = "servewatch status shows where Prometheus is"
            raise PrometheusUnreachable(f"{self.url} does not answer as a Prometheus: {failed}", advice) from failed
        result: list[Any] = data["result"]
        return result


def empty(queries: list[Query], prometheus: Prometheus, declared: Declared) -> Iterator[Problem]:
    """Run each panel's query; answers those that have no result, with the reason, or that there is nothing to ask."""
    if not prometheus.ask(_ANSWERING):
        expected = f"a target of the job {JOB!r} that answers; {prometheus.url}/targets shows why none does"
        yield Problem(DASHBOARDS, "all panels", _ANSWERING, "target down: Prometheus scrapes no service", expected)
        return
    for query in queries:
        if query.kind != "panel":
            continue
        text = plain(query.text)
        selectors = list(_selectors(promql.parse(text)))
        if not prometheus.ask(text) and not _rightly(selectors, prometheus):
            reason = _why(selectors, prometheus, declared)
            said = f"no result: {reason}"
            yield Problem(query.file, query.place, query.text, said, "at least one series", query.line, joined=True)


def reason(text: str, prometheus: Prometheus, declared: Declared) -> str:
    """Say why a query has no result at this moment; nothing where it has one."""
    if prometheus.ask(text):
        return ""
    selectors = list(_selectors(promql.parse(text)))
    if _rightly(selectors, prometheus):
        return "rightly empty: nothing of this kind happens"
    return _why(selectors, prometheus, declared)


def _rightly(selectors: list[Any], prometheus: Prometheus) -> bool:
    """Whether a panel is empty as all is well, or as no service does what it draws."""
    names = {selector.name for selector in selectors}
    signs = {sign for name, sign in shown_by().items() if name in names}
    if names & _MAY_BE_EMPTY or names == {GAP}:
        return True
    return any(not prometheus.ask(f"count({sign})") for sign in signs)


def _selectors(tree: Any) -> Iterator[Any]:
    found: list[Any] = []

    def visit(node: Any) -> bool:
        if isinstance(node, promql.VectorSelector):
            found.append(node)
        elif isinstance(node, promql.MatrixSelector):
            found.append(node.vector_selector)
        return True

    promql.walk(tree, visit)
    return iter(found)


def _why(selectors: list[Any], prometheus: Prometheus, declared: Declared) -> str:
    for selector in selectors:
        if prometheus.ask(selector.prettify()):
            continue
        if prometheus.ask(f"count({selector.name})"):
            return f"label missing: {selector.name} is there, but nothing matches {selector.prettify()}"
        series = declared.series.get(selector.name)
        if series is not None and series.recorded:
            loaded = prometheus.ask(f"count({UP.name})")
            return f"no traffic to record {selector.name} from" if loaded else f"no rule records {selector.name}"
        return f"metric missing: no target exposes {selector.name}"
    return "no traffic: every series is there, but nothing happened to them"
