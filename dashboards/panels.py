"""Panels and dashboards as Grafana reads them today. The only file that imports grafanalib.

grafanalib's own panels write what older Grafanas read; these subclasses keep its dashboard, its grid and its
numbering, and write the panel, query and variable themselves.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from itertools import accumulate, pairwise
from typing import Any

import attr
from grafanalib import core
from grafanalib._gen import DashboardEncoder

from dashboards.style import Step, colored, steps

SCHEMA_VERSION = 39
PLUGIN_VERSION = "11.6.0"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

Json = dict[str, Any]

# By a name of its own, since the type checker cannot see the fields of grafanalib's classes and would refuse them.
_declared: Any = attr.s(auto_attribs=True)
_evolve: Any = attr.evolve


@_declared
class Query(core.Target):  # type: ignore[misc]
    """One PromQL query of a panel."""

    exemplar: bool = False

    def to_json_data(self) -> Json:
        return {
            "refId": self.refId,
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": str(self.expr),
            "format": self.format,
            "legendFormat": self.legendFormat,
            "instant": self.instant,
            "range": not self.instant,
            **({"exemplar": True} if self.exemplar else {}),
        }


@_declared
class Modern(core.Panel):  # type: ignore[misc]
    """A panel of any type, in the shape of the plugin version that it states."""

    kind: str = ""
    options: Json = attr.Factory(dict)
    defaults: Json = attr.Factory(dict)
    overrides: list[Json] = attr.Factory(list)
    share: int = 1
    """How much of its line's width it takes, beside what the others take."""

    def to_json_data(self) -> Json:
        queries = [_evolve(query, refId=chr(ord("A") + at)) for at, query in enumerate(self.targets)]
        return {
            "id": self.id,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": self.gridPos,
            "pluginVersion": PLUGIN_VERSION,
            "targets": queries,
            **({"transformations": self.transformations} if self.transformations else {}),
            "options": self.options,
            "fieldConfig": {"defaults": self.defaults, "overrides": self.overrides},
        }


class Row(core.RowPanel):  # type: ignore[misc]
    """The heading of a row; its panels follow it."""

    def to_json_data(self) -> Json:
        names = ("id", "title", "gridPos", "collapsed", "panels")
        return {"type": "row", **{name: getattr(self, name) for name in names}}


class Var(core.Template):  # type: ignore[misc]
    """A variable at the top of a dashboard; chained by naming another one in its query."""

    def to_json_data(self) -> Json:
        if self.type == "datasource":
            current = {"text": "Prometheus", "value": "prometheus"}
            shared: Json = {"query": self.query, "refresh": 1, "includeAll": False, "multi": False}
        else:
            first, many = self.default or "$__all", self.default is None
            current = {"text": "All" if many else first, "value": first}
            asked = {"query": self.query, "refId": f"Variable-{self.name}"}
            shared = {"query": asked, "definition": self.query, "datasource": DATASOURCE, "refresh": 2, "sort": 1}
            shared |= {"includeAll": many, "multi": many, **({"allValue": ".+"} if many else {})}
        named = {"name": self.name, "label": self.label, "type": self.type, "hide": 0, "regex": ""}
        return {**named, **shared, "options": [], "current": current}


class Dash(core.Dashboard):  # type: ignore[misc]
    """A dashboard in the classic model, without the keys that today's Grafana ignores."""

    def to_json_data(self) -> Json:
        names = ("description", "uid", "title", "tags", "schemaVersion", "version", "editable", "graphTooltip")
        more = ("timezone", "refresh", "time", "links", "templating", "annotations", "panels")
        return {name: getattr(self, name) for name in (*names, *more)}


def query(
    expr: str, legend: str = "", shape: str = "time_series", instant: bool = False, exemplar: bool = False
) -> Query:
    """Ask for series over the dashboard's time, and for single requests among them; `instant` asks for this moment."""
    now = instant or shape == "table"
    return Query(expr=expr, legendFormat=legend, format=shape, instant=now, exemplar=exemplar)


def stat(
    title: str,
    description: str,
    expr: str,
    unit: str,
    *,
    legend: str = "",
    absent: str = "No traffic",
    thresholds: Sequence[Step] = (),
    mappings: Sequence[Json] = (),
    leads: str = "",
    named: bool = False,
) -> Modern:
    """One number now; `absent` is what to say where there is none, which is not the same as zero.

    `leads` is the address to which a click on it leads; `named` shows the legend in the number's place.
    """
    reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    options: Json = {"reduceOptions": reduced, "colorMode": "value", "graphMode": "none", "justifyMode": "auto"}
    options |= {"orientation": "auto", "textMode": "name" if named else "auto", "wideLayout": True}
    defaults = _field(unit, thresholds) | {"noValue": absent, "color": {"mode": "thresholds"}}
    defaults |= {"mappings": list(mappings)} if mappings else {}
    defaults |= {"links": [{"title": "Look closer", "url": leads}]} if leads else {}
    targets = [query(expr, legend, instant=True)]
    return Modern(
        kind="stat", title=title, description=description, targets=targets, options=options, defaults=defaults
    )


def timeseries(
    title: str,
    description: str,
    queries: Sequence[Query],
    unit: str,
    *,
    stacked: bool = False,
    limit: float | None = None,
    marked: Sequence[Step] = (),
    colors: dict[str, str] | None = None,
    beside: bool = False,
    least: float | None = 0,
    absent: str = "",
) -> Modern:
    """Lines over time; `limit` draws an alert's threshold, `marked` several, `beside` has room for many names.

    The axis begins at `least`, or where the lines do; `absent` is what to say where there is no line.
    """
    custom: Json = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 40 if stacked else 8, "showPoints": "never"}
    custom |= {"stacking": {"mode": "normal" if stacked else "none", "group": "A"}, "spanNulls": False}
    custom |= {"thresholdsStyle": {"mode": "off" if limit is None and not marked else "dashed"}}
    legend: Json = {"displayMode": "table", "placement": "right" if beside else "bottom", "showLegend": True}
    legend |= {"calcs": ["lastNotNull"] if beside else ["lastNotNull", "max"]}
    return Modern(
        kind="timeseries",
        title=title,
        description=description,
        targets=list(queries),
        options={"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}},
        defaults=_field(unit, marked or steps(limit))
        | {"custom": custom, "color": {"mode": "palette-classic"}}
        | ({} if least is None else {"min": least})
        | ({"noValue": absent} if absent else {}),
        overrides=colored(colors or {}),
    )


def heatmap(title: str, description: str, expr: str, unit: str) -> Modern:
    """How a histogram's buckets fill over time; the unit is that of its bounds."""
    options: Json = {
        "calculate": False,
        "cellGap": 1,
        "yAxis": {"axisPlacement": "left", "unit": unit, "reverse": False},
    }
    options |= {"color": {"mode": "scheme", "scheme": "Oranges", "fill": "dark-orange", "exponent": 0.5, "steps": 64}}
    options |= {"rowsFrame": {"layout": "auto"}, "filterValues": {"le": 1e-9}, "legend": {"show": True}}
    options |= {"tooltip": {"mode": "single", "yHistogram": False}, "showValue": "never"}
    targets = [query(expr, "{{le}}", "heatmap")]
    return Modern(kind="heatmap", title=title, description=description, targets=targets, options=options)


def table(title: str, description: str, expr: str, columns: dict[str, str], absent: str, *, share: int = 1) -> Modern:
    """The labels of series as columns, renamed and in the order of `columns`; every other label is hidden."""
    shown = {label: at for at, label in enumerate(columns)}
    organize = {"excludeByName": {"Time": True, "Value": True}, "indexByName": shown, "renameByName": columns}
    return Modern(
        kind="table",
        share=share,
        title=title,
        description=description,
        targets=[query(expr, shape="table")],
        transformations=[{"id": "organize", "options": organize}],
        options={"showHeader": True, "cellHeight": "sm"},
        defaults=_field("none") | {"noValue": absent, "custom": {"align": "auto", "filterable": False}},
    )


def timeline(title: str, description: str, expr: str, legend: str, mappings: list[Json], absent: str) -> Modern:
    """How states follow each other, a line per series."""
    legend_options = {"displayMode": "list", "placement": "bottom", "showLegend": True}
    options = {"mergeValues": True, "showValue": "auto", "rowHeight": 0.9, "alignValue": "left"}
    custom = {"fillOpacity": 70, "lineWidth": 0}
    return Modern(
        kind="state-timeline",
        title=title,
        description=description,
        targets=[query(expr, legend)],
        options=options | {"legend": legend_options, "tooltip": {"mode": "single", "sort": "none"}},
        defaults=_field("none") | {"mappings": mappings, "noValue": absent, "custom": custom},
    )


def variable(name: str, label: str, asked: str, first: str | None = None) -> Var:
    """A variable whose values Prometheus knows; several may be chosen, or all, unless it is one that starts so."""
    return Var(name=name, label=label, query=asked, default=first)


def board(
    uid: str,
    title: str,
    description: str,
    variables: Sequence[Var],
    annotations: Sequence[Json],
    links: Sequence[Any],
    rows: Sequence[tuple[str, int, Sequence[Sequence[Modern]]]],
    since: str = "now-15m",
    folded: Collection[str] = (),
) -> str:
    """Render a dashboard: rows of (heading, height, lines of panels), placed so that nothing overlaps.

    A row whose heading is in `folded` is opened by who wants to see it.
    """
    source = Var(name="datasource", label="Data source", query="prometheus", type="datasource")
    dash = Dash(
        uid=uid,
        title=title,
        description=description,
        tags=["servewatch"],
        schemaVersion=SCHEMA_VERSION,
        version=1,
        editable=False,
        graphTooltip=1,
        timezone="browser",
        refresh="30s",
        time=core.Time(since, "now"),
        links=list(links),
        templating=core.Templating(list=[source, *variables]),
        annotations=core.Annotations(list=list(annotations)),
        panels=_placed(rows, folded),
    )
    return json.dumps(dash.auto_panel_ids().to_json_data(), cls=DashboardEncoder, indent=2) + "\n"


def annotation(name: str, expr: str, color: str, title: str) -> Json:
    """Mark moments on every chart: where the query has a result."""
    shown = {"enable": True, "hide": False, "iconColor": color, "name": name}
    return {
        **shown,
        "datasource": DATASOURCE,
        "expr": str(expr),
        "titleFormat": title,
        "step": "30s",
        "useValueForTime": False,
    }


def tagged(tag: str) -> Any:
    """Links to the dashboards of a tag, which keep variables and time."""
    return core.DashboardLink(title="Dashboards", tags=[tag], includeVars=True, keepTime=True)


def link(title: str, url: str) -> Any:
    """A link to a page elsewhere."""
    return core.DashboardLink(title=title, type="link", uri=url, icon="doc", targetBlank=True, keepTime=False)


def _field(unit: str, thresholds: Sequence[Step] = ()) -> Json:
    return {"unit": unit, "thresholds": {"mode": "absolute", "steps": list(thresholds or steps())}}


def _placed(rows: Sequence[tuple[str, int, Sequence[Sequence[Modern]]]], folded: Collection[str]) -> list[Any]:
    placed: list[Any] = []
    top = 0
    for heading, height, lines in rows:
        inside = _lines(lines, top + 1, height)
        hidden = heading in folded
        place = core.GridPos(h=1, w=WIDTH, x=0, y=top)
        placed.append(Row(title=heading, gridPos=place, collapsed=hidden, panels=inside if hidden else []))
        placed += [] if hidden else inside
        top += 1 + height * len(lines)
    return placed


def _lines(lines: Sequence[Sequence[Modern]], top: int, height: int) -> list[Any]:
    found: list[Any] = []
    for down, line in enumerate(lines):
        shares = list(accumulate((panel.share for panel in line), initial=0))
        edges = [WIDTH * share // shares[-1] for share in shares]
        for panel, (left, right) in zip(line, pairwise(edges), strict=True):
            place = core.GridPos(h=height, w=right - left, x=left, y=top + down * height)
            found.append(_evolve(panel, gridPos=place))
    return found
