"""alerts/windows.py: the short and the long window, and what they are weighed with."""

from __future__ import annotations

import promql_parser

import alerts
from alerts.batching import QUEUE_FULL
from alerts.promql import like
from alerts.requests import ERRORS, RATES, REQUEST_LATENCY_HIGH
from alerts.windows import LONG, SHORT, lasting, rounded, share
from monitoring.catalogue import requests


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
