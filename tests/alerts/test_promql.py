"""alerts/promql.py: queries are made from declarations, and wrong ones cannot be made."""

from __future__ import annotations

import promql_parser
import pytest

from alerts.promql import (
    Expr,
    QueryInvalid,
    aggregate,
    bucket_rate,
    increase,
    like,
    mean,
    or_zero,
    over_time,
    quantile,
    rate,
    ratio,
    select,
    total,
)
from alerts.requests import BUCKETS, RATES
from monitoring.catalogue import batching, requests, stack


def test_select_compares_labels_and_escapes_values():
    """A selector holds its matchers in order, with quotes and backslashes escaped."""
    made = select(requests.IN_PROGRESS, service='a"b', endpoint=like(r"p\d"))
    assert made == r'servewatch_requests_in_progress{service="a\"b",endpoint=~"p\\d"}'
    assert {matcher.value for matcher in promql_parser.parse(made).matchers.matchers} == {'a"b', r"p\d"}


def test_an_expression_knows_its_labels():
    """A scraped metric carries its own labels and the target's; a sum carries what it is by."""
    assert select(requests.IN_PROGRESS).labels == {"service", "version", "endpoint", "job", "instance"}
    assert total(("service",), rate(requests.TOTAL, "5m")).labels == {"service"}
    assert select(RATES["5m"]).labels == {"service", "code"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: select(requests.IN_PROGRESS, model="x"), "no label 'model'"),
        (lambda: select(requests.DURATION), "is a histogram"),
        (lambda: rate(requests.IN_PROGRESS, "5m"), "is a gauge"),
        (lambda: rate(RATES["5m"], "5m"), "is a gauge"),
        (lambda: increase(requests.DURATION, "5m"), "is a histogram"),
        (lambda: over_time("max", requests.TOTAL, "5m"), "is a counter"),
        (lambda: aggregate("max", ("runner",), select(stack.UP)), "max by 'runner'"),
        (lambda: bucket_rate(requests.TOTAL, "5m", ("service",)), "only histograms"),
        (lambda: mean(stack.UP, "5m", ("service",)), "only histograms"),
        (lambda: quantile(0.9, rate(requests.TOTAL, "5m")), "no label 'le'"),
        (lambda: quantile(95, select(BUCKETS["5m"])), "between 0 and 1"),
        (lambda: ratio(total(("service",), select(stack.UP)), total((), select(stack.UP))), "a ratio of"),
    ],
)
def test_a_query_that_could_not_work_is_refused_where_it_is_made(make, said):
    """Unknown labels, rates of gauges, quantiles of counters and unequal sides raise, and say which."""
    with pytest.raises(QueryInvalid, match=said):
        make()


def test_every_helper_makes_promql_that_parses():
    """What the helpers put together is PromQL, nested too."""
    errors = total(("service",), select(RATES["5m"], code=like("5..")))
    whole = total(("service",), select(RATES["5m"]))
    made = [
        ratio(or_zero(errors, whole), whole),
        quantile(0.95, bucket_rate(batching.QUEUE_SECONDS, "5m", ("runner",), service="a")),
        mean(batching.BATCH_SIZE, "5m", ("service", "runner")),
        over_time("changes", stack.START_TIME, "1h", service=like(".+")),
        aggregate("count", (), select(stack.UP)),
    ]
    for expression in made:
        assert promql_parser.parse(expression)
        assert isinstance(expression, Expr)
