"""Panels of this moment's values: bars, shares of a whole, tables of several numbers, and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.panels import Json, Modern, query
from dashboards.style import Step, steps

EMPTY = "\u2013"
"""A cell of a table for which there is no number."""

_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


@dataclass(frozen=True, slots=True)
class Column:
    """A number of a table: its heading, its query, its unit, and from where on it is coloured."""

    title: str
    expr: str
    unit: str = "short"
    decimals: int = 2
    colored: tuple[Step, ...] = ()
    full: float | None = None
    """The number at which a bar in the cell is full; no bar without it."""


def bars(
    title: str,
    description: str,
    expr: str,
    unit: str,
    legend: str,
    absent: str,
    *,
    thresholds: Sequence[Step] = (),
    most: float | None = None,
    upright: bool = False,
    decimals: int = 0,
) -> Modern:
    """A bar for each series, up to `most`."""
    options: Json = {"reduceOptions": _LAST, "displayMode": "gradient", "valueMode": "color", "showUnfilled": True}
    options |= {"orientation": "vertical" if upright else "horizontal", "namePlacement": "auto", "sizing": "auto"}
    defaults = _field(unit, absent) | {"thresholds": {"mode": "absolute", "steps": list(thresholds or steps())}}
    defaults |= {"color": {"mode": "thresholds"}, "decimals": decimals, "min": 0} | (
        {} if most is None else {"max": most}
    )
    return _panel("bargauge", title, description, options, defaults, [query(expr, legend, instant=True)])


def pie(title: str, description: str, expr: str, legend: str, absent: str) -> Modern:
    """The shares of a whole."""
    options: Json = {"reduceOptions": _LAST, "pieType": "donut", "displayLabels": []}
    options |= {"legend": {"displayMode": "table", "placement": "right", "showLegend": True, "values": ["percent"]}}
    options |= {"tooltip": {"mode": "single", "sort": "none"}}
    defaults = _field("percentunit", absent) | {"color": {"mode": "palette-classic"}}
    return _panel("piechart", title, description, options, defaults, [query(expr, legend, instant=True)])


def gauge(
    title: str, description: str, expr: str, unit: str, absent: str, thresholds: Sequence[Step], leads: str = ""
) -> Modern:
    """A share of a whole, now."""
    options: Json = {"reduceOptions": _LAST, "showThresholdLabels": False, "showThresholdMarkers": True}
    options |= {"orientation": "auto"}
    defaults = _field(unit, absent) | {"thresholds": {"mode": "absolute", "steps": list(thresholds)}}
    defaults |= {"color": {"mode": "thresholds"}, "min": 0, "max": 1}
    defaults |= {"links": [{"title": "Look closer", "url": leads}]} if leads else {}
    return _panel("gauge", title, description, options, defaults, [query(expr, instant=True)])


def numbers(
    title: str,
    description: str,
    labels: dict[str, str],
    columns: Sequence[Column],
    absent: str,
    *,
    share: int = 1,
    cells: Sequence[Json] = (),
) -> Modern:
    """A row for each set of labels, and a column for each number; queries whose labels are the same share rows.

    `cells` are overrides of columns, such as `linked()` and `worded()` make.
    """
    alone = len(columns) == 1
    values = {"Value" if alone else f"Value #{chr(ord('A') + at)}": column for at, column in enumerate(columns)}
    names = labels | {value: column.title for value, column in values.items()}
    organize = {"excludeByName": {"Time": True}, "indexByName": {name: at for at, name in enumerate(names)}}
    shown = {"showHeader": True, "cellHeight": "sm"}
    made = _panel("table", title, description, shown, _field("short", absent), [_cells(c) for c in columns], share)
    made.defaults["custom"] = {"align": "auto", "filterable": False}
    made.transformations = [{"id": "merge", "options": {}}, {"id": "organize", "options": organize | _renamed(names)}]
    made.overrides = [*(_styled(column) for column in columns), *cells]
    return made


def text(title: str, content: str, *, share: int = 1) -> Modern:
    """Words in Markdown."""
    return _panel(
        "text", title, "How to read what stands here.", {"mode": "markdown", "content": content}, {}, (), share
    )


def linked(title: str, url: str, said: str) -> Json:
    """Let the cells of a column lead somewhere; `${__value.raw}` in the address is the cell's own text."""
    return _override(title, {"id": "links", "value": [{"title": said, "url": url}]})


def worded(title: str, mappings: Sequence[Json]) -> Json:
    """Write the texts of a column as mapped, on the mapping's colour."""
    shown = {"type": "color-text"}
    return _override(title, {"id": "mappings", "value": list(mappings)}, {"id": "custom.cellOptions", "value": shown})


def _override(title: str, *properties: Json) -> Json:
    return {"matcher": {"id": "byName", "options": title}, "properties": list(properties)}


def _cells(column: Column) -> Json:
    return query(column.expr, shape="table")


def _renamed(names: dict[str, str]) -> Json:
    return {"renameByName": names}


def _styled(column: Column) -> Json:
    properties: list[Json] = [{"id": "unit", "value": column.unit}, {"id": "decimals", "value": column.decimals}]
    properties.append({"id": "noValue", "value": EMPTY})
    if column.colored:
        colors = {"mode": "absolute", "steps": list(column.colored)}
        cell = {"type": "color-text"} if column.full is None else {"type": "gauge", "mode": "basic"}
        properties += [{"id": "thresholds", "value": colors}, {"id": "custom.cellOptions", "value": cell}]
    if column.full is not None:
        properties += [{"id": "min", "value": 0}, {"id": "max", "value": column.full}]
    return _override(column.title, *properties)


def _field(unit: str, absent: str) -> Json:
    return {"unit": unit, "noValue": absent}


def _panel(
    kind: str,
    title: str,
    description: str,
    options: Json,
    defaults: Json,
    queries: Sequence[object],
    share: int = 1,
) -> Modern:
    return Modern(
        kind=kind,
        title=title,
        description=description,
        targets=list(queries),
        options=options,
        defaults=defaults,
        share=share,
    )
