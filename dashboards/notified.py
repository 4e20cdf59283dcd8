"""Panels of notifications: whether what fires reaches anybody. Two dashboards show them."""

from __future__ import annotations

from alerts.promql import bucket_rate, increase, quantile, rate, ratio, total
from alerts.stack import NOTIFICATIONS_FAIL
from alerts.windows import LONG
from dashboards import panels, style
from dashboards.chosen import RANGE
from dashboards.panels import Modern, query
from monitoring.catalogue import stack

_BY_CHANNEL = ("integration",)


def notifications() -> list[Modern]:
    """Whether what fires reaches anybody."""
    sent = total(_BY_CHANNEL, rate(stack.NOTIFICATIONS, RANGE))
    failed = total(_BY_CHANNEL, rate(stack.NOTIFICATIONS_FAILED, RANGE))
    slow = quantile(0.95, bucket_rate(stack.NOTIFICATION_SECONDS, LONG, _BY_CHANNEL))
    return [
        panels.timeseries(
            "Notifications",
            f"Per second, by channel: attempted and failed ({stack.NOTIFICATIONS.name}, …_failed_total). Failures: see "
            f"{NOTIFICATIONS_FAIL.name} in the runbook.",
            [
                query(f"{sent} and on (integration) {_used()}", "{{integration}}"),
                query(f"{failed} > 0", "{{integration}} failed"),
            ],
            "ops",
            colors={"/failed$/": style.BAD},
            absent="Nothing was sent",
        ),
        panels.timeseries(
            "Time of a notification",
            f"95th percentile over {LONG}, by channel ({stack.NOTIFICATION_SECONDS.name}); a gap is none sent.",
            [query(slow, "{{integration}}")],
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
        f"Share over {LONG}, by channel; a gap is none sent. From the dashed line on {NOTIFICATIONS_FAIL.name} fires.",
        [query(shared, "{{integration}}")],
        "percentunit",
        limit=NOTIFICATIONS_FAIL.threshold,
        absent="Nothing was sent",
    )


def _used() -> str:
    """The channels by which anything was ever sent: Alertmanager counts those that nobody set up as well."""
    return f"({total(_BY_CHANNEL, increase(stack.NOTIFICATIONS, '1d'))} > 0)"
