"""servewatch/stack/promtool.py: what promtool says of rules, queries and rule tests."""

from __future__ import annotations

import pytest

from servewatch.stack import promtool
from servewatch.stack.errors import ToolMissing

needs_promtool = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)


@needs_promtool
def test_a_rule_file_is_taken_or_refused_with_promtools_words(tmp_path):
    """A good rule is fine; one that does not parse is not, and the answer says why."""
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text("groups: [{name: a, rules: [{record: 'a:b', expr: up}]}]")
    bad.write_text("groups: [{name: a, rules: [{record: 'a:b', expr: 'up +'}]}]")
    assert promtool.check_rules([good]).fine
    answer = promtool.check_rules([good, bad])
    assert not answer.fine
    assert "bad.yml" in answer.text
    assert "unexpected end of input" in answer.text


@needs_promtool
def test_its_version_is_told_as_a_number():
    """Three numbers, whatever the distribution writes behind them."""
    assert [part.isdigit() for part in promtool.version().split(".")] == [True] * 3


@needs_promtool
def test_queries_are_checked_together():
    """Queries that this Prometheus takes are fine; one with an unknown function is not."""
    assert promtool.check_queries({"one": "sum(up)", "two": "up * 2"}).fine
    answer = promtool.check_queries({"one": "sum(up)", "two": "no_such_function(up)"})
    assert not answer.fine
    assert "no_such_function" in answer.text


@needs_promtool
def test_a_rule_test_holds_or_does_not(tmp_path):
    """A test with the right value is fine, one with a wrong value is not."""
    text = """
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: 'up{job="a"}', values: '1x5'}]
    promql_expr_test: [{expr: sum(up), eval_time: 2m, exp_samples: [{labels: '{}', value: VALUE}]}]
"""
    file = tmp_path / "one.test.yml"
    file.write_text(text.replace("VALUE", "1"))
    assert promtool.run_tests(file).fine
    file.write_text(text.replace("VALUE", "2"))
    assert not promtool.run_tests(file).fine


def test_without_promtool_the_error_says_where_it_comes_from(monkeypatch, tmp_path):
    """Where promtool is not on PATH, the error names it and how to install it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="promtool is not on PATH\nhelp: it comes with Prometheus"):
        promtool.check_rules([tmp_path / "rules.yml"])
