"""Panels of notifications: whether what fires reaches anybody. Two dashboards show them."""

from __future__ import annotations

from alerts.promql import Expr, increase, mean, rate, ratio, total
from alerts.stack import NOTIFICATIONS_FAIL
from alerts.windows import LONG
from dashboards import panels, style
from dashboards.panels import Modern, query
from monitoring.catalogue import stack

_BY_CHANNEL = ("integration",)
_RARE = "6h"
"""Longer than the pause after which what still fires is told again: a channel that works shows."""


def notifications() -> list[Modern]:
    """Whether what fires reaches anybody."""
    sent, failed = (
        total(_BY_CHANNEL, increase(metric, "1h")) for metric in (stack.NOTIFICATIONS, stack.NOTIFICATIONS_FAILED)
    )
    took = mean(stack.NOTIFICATION_SECONDS, _RARE, _BY_CHANNEL)
    return [
        panels.timeseries(
            "Notifications",
            f"In the hour before, by channel: attempted and failed ({stack.NOTIFICATIONS.name}, …_failed_total). "
            f"Failures: see {NOTIFICATIONS_FAIL.name} in the runbook.",
            [
                query(f"round({sent}) and on (integration) {_used()}", "{{integration}}"),
                query(f"round({failed}) and on (integration) {_used()}", "{{integration}} failed"),
            ],
            "short",
            colors={"/failed$/": style.BAD},
            absent="Nothing was sent",
        ),
        panels.timeseries(
            "Time of a notification",
            f"Mean over {_RARE}, since few are sent, by channel ({stack.NOTIFICATION_SECONDS.name}). Long: "
            "the receiving end is slow, or is tried again and again.",
            [query(took, "{{integration}}")],
            "s",
            absent="Nothing was sent",
        ),
    ]


def failing() -> Modern:
    """The share of notifications that nobody got, beside the limit of its alert."""
    failed = total(_BY_CHANNEL, rate(stack.NOTIFICATIONS_FAILED, LONG))
    shared = ratio(failed, total(_BY_CHANNEL, rate(stack.NOTIFICATIONS, LONG)))
    return panels.timeseries(
        "Notifications that failed",
        f"Share over {LONG}, by channel ({stack.NOTIFICATIONS_FAILED.name}): what is not sent cannot fail and counts "
        f"as 0. From the dashed line on {NOTIFICATIONS_FAIL.name} fires.",
        [query(f"{shared} or 0 * {_used()}", "{{integration}}")],
        "percentunit",
        limit=NOTIFICATIONS_FAIL.threshold,
        absent="Nothing was sent",
    )


def _used() -> Expr:
    """The channels by which anything is sent: Alertmanager counts those that nobody set up as well."""
    return Expr(f"({total(_BY_CHANNEL, increase(stack.NOTIFICATIONS, _RARE))} > 0)", _BY_CHANNEL)
