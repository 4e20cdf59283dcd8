"""alerts/slo.py, indicators.py and objectives.py: what is promised, as it is written and as it is recorded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import alerts
from alerts import objectives, slo
from alerts.objectives import DEFAULTS, Objective, ObjectiveInvalid, parse, resolve
from servewatch.stack import promtool
from serving.service import definition

needs_promtool = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)
OWN = """
fashion:
  - availability 99.95%
  - latency 99% under 250ms
  - freshness 99% under 30d
  - drift-free 95%
shop.eu:
  - {name: fast, objective: latency 90% under 100ms}
  - name: checkouts
    objective: 99.5%
    errors: sum(rate(checkout_failures_total[$window]))
    total: sum(rate(checkouts_total[$window]))
"*":
  - availability 99.5%
"""


@pytest.fixture
def own(tmp_path):
    """The objectives of a file that has one of each kind."""
    (tmp_path / "slos.yml").write_text(OWN)
    return slo.own(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("availability 99.9%", Objective("availability", "availability", 0.999, "shop")),
        ("latency 99% under 0.25s", Objective("latency", "latency", 0.99, "shop", under=0.25)),
        ("latency 95 %  under 250 ms", Objective("latency", "latency", 0.95, "shop", under=0.25)),
        ("drift-free 95%", Objective("drift-free", "drift-free", 0.95, "shop")),
        ("freshness 99% under 12h", Objective("freshness", "freshness", 0.99, "shop", under=43200)),
    ],
)
def test_a_line_is_read_with_its_units(text, expected):
    """A share is a ratio, and a bound is seconds."""
    assert parse(text, "shop") == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("availability", "is none of availability 99.9%"),
        ("uptime 99%", "is none of availability 99.9%"),
        ("latency 99%", "is none of availability 99.9%"),
        ("availability 99% under 1s", "is none of availability 99.9%"),
        ("availability 100%", "leaves no budget"),
        ("availability 0%", "leaves no budget"),
        ("availability 9.9.9%", "a number that is none"),
        ("latency 99% under 0.3s", "no bound of servewatch_request_duration_seconds, which has .*0.25, 0.5"),
        ("latency 99% under 3y", "unit 'y'; there are ms, s"),
        ("freshness 99% under 0s", "never younger than nothing"),
    ],
)
def test_a_line_that_cannot_be_kept_or_measured_is_refused(text, said):
    """The error says the text or the number, and what is accepted."""
    with pytest.raises(ObjectiveInvalid, match=said):
        parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fashion: availability 99%", "no list of objectives under each service's name"),
        ("- availability 99%", "no list of objectives"),
        ("a: [", "no YAML that can be read"),
        ("a: [availability 99%, availability 98%]", "declared twice"),
        ("a: [{name: x}]", "is neither a text nor has errors, name, objective, total"),
        ("a: [{name: X y, objective: availability 99%}]", "no name that a label can have"),
        ("a: [{name: x, objective: 99%, errors: 'rate(a[$window])'}]", r"needs a service, and both errors and total"),
        ("'*': [{name: x, objective: 99%, errors: 'a[$window]', total: 'b[$window]'}]", "needs a service"),
        ("a: [{name: x, objective: some, errors: 'a[$window]', total: 'b[$window]'}]", "no share like 99.5%"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_its_name(text, said, tmp_path):
    """What is wrong in slos.yml is told with what it takes."""
    (tmp_path / "slos.yml").write_text(text)
    with pytest.raises(ObjectiveInvalid, match=said):
        resolve(slo.own(tmp_path))


def test_what_is_declared_stands_beside_the_defaults(own):
    """`*` takes the place of a default, and a service's own objective stands beside it."""
    found = {(one.service, one.name): one for one in resolve(own)}
    assert found["", "availability"].ratio == 0.995
    assert found["", "latency"] == DEFAULTS[1]
    assert found["fashion", "latency"].under == 0.25
    assert found["shop.eu", "checkouts"].kind == "ratio"


def test_a_folder_without_the_file_has_the_defaults_alone(tmp_path):
    """Where there is no slos.yml nothing is declared, and every service promises what is usual."""
    assert slo.own(tmp_path) == ()
    assert resolve(slo.own(tmp_path)) == DEFAULTS


@needs_promtool
def test_promtool_takes_the_rules_of_every_kind_of_objective(own, tmp_path):
    """The rules of a file with each kind are ones that Prometheus loads, and no two fill the same series."""
    (tmp_path / "slo.rules.yml").write_text(slo.rules(own))
    answer = promtool.check_rules([tmp_path / "slo.rules.yml"])
    assert answer.fine, answer.text


TEST = """
rule_files: [slo.rules.yml]
evaluation_interval: 30s
tests:
  - interval: 30s
    input_series:
      - {series: 'serving:requests:rate5m{service="fashion",code="500"}', values: '1x60'}
      - {series: 'serving:requests:rate5m{service="fashion",code="200"}', values: '9x60'}
      - {series: 'serving:request_duration_seconds_bucket:rate5m{service="fashion",le="0.25"}', values: '5x60'}
      - {series: 'serving:request_duration_seconds_bucket:rate5m{service="fashion",le="0.5"}', values: '9x60'}
      - {series: 'serving:request_duration_seconds_bucket:rate5m{service="fashion",le="+Inf"}', values: '10x60'}
      - {series: 'servewatch_model_saved_timestamp_seconds{service="fashion",model="m"}', values: '-2600000x60'}
      - {series: 'drift:score{service="fashion",feature="a",window="1d"}', values: '9x60'}
      - {series: 'ALERTS{alertname="DataDrift",alertstate="firing",service="fashion",feature="a"}', values: '_x10 1x50'}
      - {series: 'checkouts_total{shop="1"}', values: '0+100x60'}
      - {series: 'checkout_failures_total{shop="1"}', values: '0+4x60'}
    promql_expr_test:
      - expr: round(slo:sli_error:ratio_rate5m, 0.01)
        eval_time: 10m
        exp_samples:
          - {labels: '{service="fashion",slo="availability"}', value: 0.1}
          - {labels: '{service="fashion",slo="latency"}', value: 0.5}
          - {labels: '{service="fashion",slo="freshness"}', value: 1}
          - {labels: '{service="fashion",slo="drift-free"}', value: 1}
          - {labels: '{service="shop.eu",slo="checkouts"}', value: 0.04}
      - expr: slo:objective:ratio{slo!~"freshness|drift-free"}
        eval_time: 10m
        exp_samples:
          - {labels: 'slo:objective:ratio{service="fashion",slo="availability"}', value: 0.9995}
          - {labels: 'slo:objective:ratio{service="fashion",slo="latency"}', value: 0.99}
          - {labels: 'slo:objective:ratio{service="shop.eu",slo="checkouts"}', value: 0.995}
          - {labels: 'slo:objective:ratio{service="shop.eu",slo="fast"}', value: 0.9}
    alert_rule_test:
      - eval_time: 15m
        alertname: SLOBlind
        exp_alerts:
          - exp_labels: {severity: ticket, service: shop.eu, slo: fast}
"""


@needs_promtool
def test_each_kind_measures_what_it_says_and_a_name_that_matches_nothing_is_told(own, tmp_path):
    """Own objectives count their own bound, age and queries; of one whose service has no series SLOBlind speaks."""
    (tmp_path / "slo.rules.yml").write_text(slo.rules(own))
    rules = yaml.safe_load((tmp_path / "slo.rules.yml").read_text())
    told = [rule for group in rules["groups"] for rule in group["rules"] if rule.get("alert") == "SLOBlind"]
    for rule in told:
        del rule["annotations"]
    (tmp_path / "slo.rules.yml").write_text(yaml.safe_dump(rules))
    (tmp_path / "own.test.yml").write_text(TEST)
    answer = promtool.run_tests(tmp_path / "own.test.yml")
    assert answer.fine, answer.text


def test_services_that_promise_the_same_share_their_rules():
    """A hundred services need one rule each for what they promise, and one for each name of what is counted."""
    bounds = (0.1, 0.25, 1)
    many = [parse(f"latency 99% under {bounds[number % 3]}s", f"service{number}") for number in range(100)]
    text = slo.rules(many)
    assert text.count("record: slo:sli_bad:rate5m") == 2
    assert text.count("record: slo:objective:ratio") == 102
    assert text.count("or clamp_min(") == 3


def test_the_guides_examples_are_ones_that_can_be_declared(tmp_path):
    """What SLO.md shows in a service and in slos.yml is read, and its table is that of the alerts."""
    guide = (Path(alerts.__file__).parent / "SLO.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, "SLO.md", "exec"), names)
    assert len(list(objectives.named(definition(names["Shop"]).slos, "shop"))) == 3
    (text,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "slos.yml").write_text(text)
    assert {one.name for one in slo.own(tmp_path)} == {"latency", "very-fast", "checkouts", "availability"}
    for factor, short, long in (*slo.PAGES, *slo.TICKETS):
        assert re.search(rf"\| {factor:g} times?[a-z ]* \| {short} and {long} \|", guide), factor
