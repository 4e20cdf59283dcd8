"""alerts/windows.py: the short and the long window, and what they are weighed with."""

from __future__ import annotations

import promql_parser
import pytest

import alerts
from alerts.batching import QUEUE_FULL
from alerts.promql import like
from alerts.requests import ERRORS, RATES, REQUEST_LATENCY_HIGH
from alerts.windows import LONG, SHORT, Windows, WindowsInvalid, duration, lasting, milliseconds, rounded, share
from monitoring.catalogue import requests
from servewatch.stack.config import INTERVAL


def test_a_share_is_zero_without_parts_and_absent_without_a_whole():
    """The numerator falls back to 0 of the whole, and the denominator drops services without traffic."""
    made = share(RATES[LONG], ("service",), code=like("5.."))
    assert " or 0 * sum by (service) (serving:requests:rate5m)) / " in made
    assert made.endswith("(sum by (service) (serving:requests:rate5m) > 0)")


def test_a_lasting_alert_asks_for_its_minimum_in_both_windows():
    """The minimum of requests and the threshold stand in the query as they are given."""
    made = lasting((ERRORS[SHORT], ERRORS[LONG]), (RATES[SHORT], RATES[LONG]), 0.25, 12)
    assert made.count(">= 12") == 2
    assert made.count("> 0.25") == 2
    assert made.labels == {"service"}


def test_a_rounded_ratio_is_weighed_before_it_is_rounded():
    """What is told has at most a tenth of a percent; what is compared has all its digits, and the labels stay."""
    made = rounded(lasting((ERRORS[SHORT], ERRORS[LONG]), (RATES[SHORT], RATES[LONG]), 0.25, 12))
    assert promql_parser.parse(made).func.name == "round"
    assert made.index("> 0.25") < made.index("0.001")
    assert made.labels == {"service"}


def test_every_alert_on_a_ratio_states_its_minimum_of_requests():
    """Alerts that look at rates have a minimum as data, and it is the one in their query."""
    rated = [alert for alert in alerts.ALERTS if "rate1m" in alert.expr]
    assert QUEUE_FULL in rated
    for alert in rated:
        assert alert.minimum_requests >= 10
        assert f">= {alert.minimum_requests}" in alert.expr
        assert f"> {alert.threshold:g}" in alert.expr


def test_the_latency_limit_is_a_bucket_bound():
    """A limit on a bound is exact: between bounds a percentile is a guess."""
    assert REQUEST_LATENCY_HIGH.threshold in requests.DURATION.buckets


def test_durations_are_read_and_written_as_prometheus_does():
    """What is written is read as the same length, in the largest unit that it is a whole number of."""
    for text in ("304999ms", "90s", "5m", "23h", "1d"):
        assert duration(milliseconds(text)) == text
    assert duration(milliseconds("60m")) == "1h"


def test_a_window_holds_as_many_steps_in_either_prometheus():
    """Ranges end half a step short of their window, and a step's range ends a millisecond short of one more scrape."""
    windows = Windows()
    assert windows.points("1h") == "3450s"
    assert windows.points("1d") == "86250s"
    assert windows.slice == ("304999ms", 300000 / 304999)


def test_drift_expects_the_scrapes_of_our_stack():
    """The rules are made for the interval at which the stack's Prometheus scrapes."""
    assert Windows().scrape == INTERVAL


def test_a_long_window_looks_less_often_than_it_is_evaluated():
    """An hour has as many looks as evaluations; a day, which changes slowly, 25 looks a day."""
    assert Windows().looks("1h") == 30 * 24 * 12
    assert Windows().looks("1d") == 30 * 25


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"step": "5 minutes"}, "'5 minutes' is no duration: a whole number and s, m, h or d, like 5m"),
        ({"step": "0m"}, "'0m' is no duration"),
        ({"scrape": "4m"}, "a step of 5m with a scrape each 4m"),
        ({"windows": ("1h",)}, "windows '1h': two at least"),
        ({"windows": ("1d", "1h")}, "each longer than the one before"),
        ({"windows": ("7m", "1h")}, "a whole number of steps of 5m"),
        ({"false_pages": 0.0}, "0 false alarms a month: a number above 0"),
    ],
)
def test_windows_that_cannot_be_counted_are_refused(given, said):
    """Lengths that are none, scrapes too seldom, windows out of order and no false alarms at all raise, and say why."""
    with pytest.raises(WindowsInvalid, match=said):
        Windows(**given)
