"""The row of a service's own metrics on the Service dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from alerts import own
from alerts.promql import Expr, bucket_rate, rate, total
from dashboards import panels, style
from dashboards.chosen import RANGE, VERSION
from dashboards.panels import Modern, query
from monitoring.catalogue.declaration import Declaration, Panel
from monitoring.catalogue.own import LABEL_VALUES_DROPPED

HEADING = "Own metrics, in the chosen versions and replicas"
_ACROSS = 3
_SUFFIXES = {"_seconds": "s", "_bytes": "bytes", "_ratio": "percentunit"}
_RATES = {"bytes": "Bps"}


def lines(declarations: Sequence[Declaration]) -> list[list[Modern]]:
    """The panels, so many across; the last says which labels have more values than there is room for."""
    drawn = [_panel(made, made.panel) for made in declarations if made.panel is not None]
    if drawn and any(made.labels for made in declarations):
        drawn.append(_dropped())
    return [drawn[at : at + _ACROSS] for at in range(0, len(drawn), _ACROSS)]


def unit(made: Declaration, panel: Panel) -> str:
    """The panel's unit: the one given, or what the metric's name ends in."""
    if panel.unit:
        return panel.unit
    of, name = made.of(panel), made.metric.name.removesuffix("_total")
    if of == "share":
        return "percentunit"
    base = next((found for suffix, found in _SUFFIXES.items() if name.endswith(suffix)), "")
    if of == "rate":
        return "ops" if made.metric.kind == "histogram" else _RATES.get(base, base or "ops")
    return base or "short"


def _panel(made: Declaration, panel: Panel) -> Modern:
    title, said = panel.title or made.metric.help.rstrip("."), _described(made, panel)
    if panel.kind == "heatmap":
        spread = bucket_rate(made.metric, RANGE, (), **{**VERSION, **panel.where})
        return panels.heatmap(title, said, spread, panel.unit or unit(made, Panel(of="p95")))
    if panel.kind == "stat":
        shown = _view(made, panel, ())
        return panels.stat(title, said, shown, unit(made, panel), absent="No data", thresholds=_steps(made, panel))
    by = made.labels if panel.by is None else panel.by
    by = tuple(label for label in by if made.of(panel) != "share" or label not in panel.where)
    legend = " ".join(f"{{{{{label}}}}}" for label in ("service", *by))
    drawn = panels.timeseries(
        title,
        said,
        [query(_view(made, panel, ("service", *by)), legend)],
        unit(made, panel),
        stacked=panel.kind == "stacked",
        limit=_limit(made, panel),
    )
    if made.metric.kind == "gauge":
        drawn.defaults.pop("min")  # it may be below 0
    return drawn


def _view(made: Declaration, panel: Panel, by: tuple[str, ...]) -> Expr:
    return own.view(made, panel, by, RANGE, **VERSION)


def _limit(made: Declaration, panel: Panel) -> float | None:
    """Where the alert's line is, if the panel shows what the alert compares."""
    alert = made.alert
    if alert is None or made.of(panel) != made.of(alert) or dict(panel.where) != dict(alert.where):
        return None
    return alert.threshold


def _steps(made: Declaration, panel: Panel) -> list[style.Step]:
    limit = _limit(made, panel)
    if limit is None:
        return style.steps(base=style.TRAFFIC)
    if made.alert is not None and made.alert.sign == "<":
        return [{"color": style.BAD, "value": None}, {"color": style.OK, "value": limit}]
    return style.steps(limit)


def _described(made: Declaration, panel: Panel) -> str:
    alert = f" The dashed line is where {made.alert_name} fires." if _limit(made, panel) is not None else ""
    return f"{panel.description or made.metric.help} ({made.metric.name}, {made.of(panel)}).{alert}"


def _dropped() -> Modern:
    dropped = total(("metric", "label"), rate(LABEL_VALUES_DROPPED, RANGE, **VERSION))
    return panels.timeseries(
        "Label values without room",
        "How often a label of these metrics had a value that was counted as `other`, since it has its most values "
        f"already ({LABEL_VALUES_DROPPED.name}). Above 0: such a label holds what should not be one, like an id.",
        [query(dropped, "{{metric}} {{label}}")],
        "ops",
    )
