"""What is marked on every chart over time: models that were loaded, alerts that fired, drift that was found."""

from __future__ import annotations

from alerts.drift import ALERTS as DRIFT_ALERTS
from alerts.promql import Expr, Match, like, select
from dashboards import style
from dashboards.chosen import SERVICE
from dashboards.panels import Json, annotation
from monitoring.catalogue import models, stack

_DRIFT = "|".join(alert.name for alert in DRIFT_ALERTS)


def of_services() -> list[Json]:
    """What happened to the chosen services."""
    info = select(models.INFO, **SERVICE)
    loaded = Expr(f"count by (service, model, model_version) ({info} unless {info} offset 1m)")
    return [
        annotation("Models loaded", loaded, style.TRAFFIC, "{{model}} {{model_version}}"),
        annotation("Alerts", _fired(Match("!~", _DRIFT)), style.BAD, "{{alertname}}"),
        annotation("Drift", _fired(like(_DRIFT)), style.WARNING, "{{alertname}} {{service}}"),
    ]


def of_the_stack() -> list[Json]:
    """What happened to the stack: programs that started again, and alerts that are about no service."""
    started = Expr(f"count by (job, instance) (changes({select(stack.START_TIME)}[2m]) > 0)")
    firing = select(stack.ALERTS, alertstate="firing", severity=like("page|ticket"), service="")
    return [
        annotation("Started again", started, style.TRAFFIC, "{{job}} {{instance}}"),
        annotation("Alerts", firing, style.BAD, "{{alertname}}"),
    ]


def _fired(name: Match) -> Expr:
    return select(stack.ALERTS, alertstate="firing", severity=like("page|ticket"), alertname=name, **SERVICE)
