"""servewatch/check/lint.py and reader.py: wrong queries are told with the place and a caret, right ones left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from servewatch.check.declared import declared
from servewatch.check.lint import findings, labels_of
from servewatch.check.sources import Query
from servewatch.check.texts import asked_values, plain


def found(text: str, kind: str = "panel", shown: frozenset[str] = frozenset(), scrape: float = 15) -> str:
    """What the lint says about one query, in one string."""
    query = Query(Path("board.json"), "panel 'X'", text, kind, shown, 7)
    return "\n".join(map(str, findings(query, declared(), scrape)))


BUCKET = "servewatch_request_duration_seconds_bucket"


@pytest.mark.parametrize(
    ("text", "said", "marked"),
    [
        ("sum(serving:requets:rate5m)", "perhaps serving:requests:rate5m", "serving:requets:rate5m"),
        ('servewatch_requests_in_progress{model="x"}', "no label 'model'", "model"),
        ("rate(servewatch_requests_in_progress[5m])", "which is no counter", "servewatch_requests_in_progress"),
        ("rate(serving:requests:rate5m[5m])", "which is no counter", "serving:requests:rate5m"),
        ("sum(servewatch_requests_total)", "read as it is", "servewatch_requests_total"),
        ("servewatch_requests_total", "read as it is", "servewatch_requests_total"),
        ("last_over_time(servewatch_requests_total[5m])", "read as it is", "servewatch_requests_total"),
        ("sum by (runner) (rate(servewatch_requests_total[5m]))", "by or without 'runner'", "runner"),
        ("sum without (runner) (rate(servewatch_requests_total[5m]))", "by or without 'runner'", "runner"),
        ("histogram_quantile(0.9, sum(rate(servewatch_requests_total[5m])))", "no label 'le'", "histogram_quantile"),
        ("sum by (service) (serving:requests:rate5m) / serving:requests:rate5m", "nothing will match", "/"),
        ("serving:up and on (instance) up", "on 'instance', which is not on both sides", "instance"),
        ("up * on (service) group_left (model) serving:up", "is brought from a side that does not have it", "model"),
        ("servewatch_runner_batch_size", "declared nowhere", "servewatch_runner_batch_size"),
        (f'rate({BUCKET}{{le="0.3"}}[5m])', "has no bucket le='0.3'", "0.3"),
        ('serving:request_duration_seconds_bucket:rate5m{le=~"0.3|3"}', "no bucket le='0.3|3'", "0.3|3"),
        ('rate(servewatch_requests_total{code="5xx"}[5m])', "code='5xx'", '"5xx"'),
        ('rate(servewatch_requests_total{code=~"5xx|6.."}[5m])', "never has code='5xx|6..'", '"5xx|6.."'),
        ("rate(servewatch_requests_total{code='50'}[5m])", "never has code='50'", "50"),
        ('rate(servewatch_runner_requests_total{outcome="eror"}[5m])', "; perhaps error", '"eror"'),
        ('rate(servewatch_runner_dispatches_total{reason=~"full\\\\d"}[5m])', "one of full, timeout", '"full\\\\d"'),
        ('count(ALERTS{alertstate="active"})', "one of pending, firing", '"active"'),
        ("rate(servewatch_requests_total[30s])", "over 30 s, where there may be 15 s", "servewatch_requests_total"),
        ("rate(sum by (service) (servewatch_requests_total)[5m:1m])", "not rate() of the sum", "rate"),
        ('count({__name__=~"servwatch_.+"})', "no declared name matches", "servwatch_.+"),
        ("clamp(serving:up, 0)", "this is not PromQL", ""),
        ("foo(serving:up)", "this is not PromQL", "foo"),
        ("sum(((", "this is not PromQL", ""),
    ],
)
def test_a_wrong_query_is_told_with_its_place_and_what_was_expected(text, said, marked):
    """Each kind of mistake is named, with file, line, place, the text, a caret under the mistake, and what is right."""
    told = found(text)
    assert said in told
    assert told.startswith("board.json:7: panel 'X': ")
    assert f"\n    {text}\n" in told
    assert "\n    expected: " in told
    if marked:
        caret = f"\n    {text}\n    {' ' * text.index(marked)}{'^' * len(marked)}\n"
        assert caret in told


@pytest.mark.parametrize(
    "text",
    [
        'sum by (instance) (rate(servewatch_requests_total{job="serving"}[$__rate_interval]))',
        "histogram_quantile(0.9, serving:request_duration_seconds_bucket:rate5m)",
        "topk(3, serving:up) * on (service) group_left (version) max by (service, version) (servewatch_model_info)",
        'sum by (host) (label_replace(up, "host", "$1", "instance", "(.*):.*"))',
        "changes(process_start_time_seconds[1h]) or vector(0)",
        "resets(servewatch_requests_total[1h]) > 0",
        "max_over_time(sum by (service) (up)[10m:1m])",
        "time() - process_start_time_seconds",
        f'rate({BUCKET}{{le="+Inf"}}[5m])',
        f'rate({BUCKET}{{le="1.0"}}[5m]) + rate({BUCKET}{{le="1"}}[5m])',
        f'sum(rate({BUCKET}{{le!="0.3"}}[5m]))',
        'count by (__name__) ({__name__=~"servewatch_.+",service="a"})',
        'count_values by (service) ("replicas", serving:up)',
        'rate(servewatch_requests_total{code=~"5..",endpoint="any"}[5m])',
        'rate(servewatch_requests_total{code=""}[5m])',
        'rate(servewatch_requests_total{code!="5xx",code!~"6..",code=~"(?i)5.."}[5m])',
        'rate(servewatch_requests_total{code="$code",endpoint=~"$endpoint"}[5m])',
        'rate(servewatch_runner_requests_total{outcome=~"error|eror",outcome!=""}[5m])',
        'serving:requests:rate5m{code="5xx"} or rate(servewatch_trace_spans_total{outcome="",job="any"}[5m])',
        "servewatch_requests_total - servewatch_requests_total offset 5m",
        "last_over_time(servewatch_requests_total[15s]) - last_over_time(servewatch_requests_total[15s] offset 5m)",
        "absent(last_over_time(servewatch_requests_total[1h]))",
    ],
)
def test_a_right_query_is_left_alone(text):
    """Target labels, vector matching, subqueries, buckets and functions on counters are understood."""
    assert found(text) == ""


def test_a_window_fits_the_scrapes_that_there_are():
    """Half a minute holds four scrapes where there is one each five seconds."""
    assert found("rate(servewatch_requests_total[30s])", scrape=5) == ""


def test_a_legend_cannot_show_a_label_that_the_result_lacks():
    """Labels of legends, columns and annotations are held against the labels of the result."""
    text = "sum by (service) (serving:requests:rate5m)"
    assert found(text, shown=frozenset({"service"})) == ""
    assert "shows the label 'code'" in found(text, shown=frozenset({"code"}))


def test_an_unknown_alert_in_a_rule_test_is_found():
    """A rule test that names no alert of ours would pass for ever, so it is told."""
    assert "'RequestErorsHigh' is no alert" in found("RequestErorsHigh", kind="alert")
    assert found("RequestErrorsHigh", kind="alert") == ""


def test_samples_are_counters_as_they_are_and_have_buckets_of_their_own():
    """Input series of rule tests name counters as they are, and another server's buckets."""
    assert found('servewatch_requests_total{code="200"}', kind="series") == ""
    assert found(f'{BUCKET}{{le="0.4"}}', kind="series") == ""
    assert found('servewatch_requests_total{code="any"}', kind="series") == ""


def test_a_mistake_in_a_query_of_several_lines_has_its_own_line():
    """In a file of YAML the line is that of the mistake, and that line alone is shown."""
    query = Query(Path("a.rules.yml"), "alert A", "serving:up\nand serving:upp", "rule", line=3)
    (problem,) = findings(query, declared())
    assert str(problem).splitlines()[:3] == [
        "a.rules.yml:4: alert A: 'serving:upp' is declared nowhere",
        "    and serving:upp",
        "        ^^^^^^^^^^^",
    ]
    assert (problem.as_json()["line"], problem.as_json()["column"]) == (4, 5)


def test_variables_are_put_in_however_they_are_written():
    """`$name`, `${name}` and `${name:regex}` become values, and the intervals durations."""
    assert plain('label_replace(up, "a", "$1", "b", "(.*)")') == 'label_replace(up, "a", "$1", "b", "(.*)")'
    assert plain('a{b=~"$b",c=~"${c}",d=~"${d:regex}"}[$__rate_interval]', {"b": "x"}) == (
        'a{b=~"x",c=~".+",d=~".+"}[5m]'
    )
    assert asked_values('label_values(up{job="a"}, service)') == ('up{job="a"}', "service")
    assert asked_values("label_values(job)") == ("", "job")
    assert asked_values("metrics(.*)") is None


def test_the_labels_of_a_result_are_known():
    """What a recording of somebody's own carries is read from its query."""
    assert labels_of("sum by (service, code) (rate(servewatch_requests_total[5m]))", declared()) == {"service", "code"}
    assert labels_of("sum(((", declared()) is None
