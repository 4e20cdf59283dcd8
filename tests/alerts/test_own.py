"""alerts/own.py and alerts/own_tests.py: a user's alerts as rules, and the tests that are generated with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts import own, own_tests
from alerts.promql import QueryInvalid
from monitoring.catalogue.declaration import OF, Alert, Declaration
from monitoring.own import Declarations
from servewatch.stack import promtool

SERVICE = 'sh"op'
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on PATH")


def declared(kind: str, alert: Alert, **more: Any) -> Declaration:
    """A metric with this alert, alone in a set of its own."""
    made = Declarations(None)
    name = {"counter": "orders_total", "gauge": "level", "histogram": "pick_seconds"}[kind]
    getattr(made, kind)(name, "Something.", labels=("kind", "ok"), alert=alert, **more)
    return made.all[0]


def every_kind_of_alert() -> Iterator[tuple[str, Alert]]:
    """Above and below, of everything that can be asked, at small and large thresholds, alone and by a label."""
    for kind, accepted in OF.items():
        for of in accepted:
            for threshold in (0.02, 0.7) if of == "share" else (0.02, 3.0, 123456.5) if of[0] != "p" else (0.02, 3.0):
                for side in ("above", "below"):
                    where = {"ok": "no"} if of == "share" else {}
                    by = ("kind",) if threshold == 3.0 else ()
                    yield kind, Alert(of=of, where=where, by=by, window="2m", for_="30s", **{side: threshold})  # type: ignore[arg-type]


def run(folder: Path, declarations: list[Declaration]) -> promtool.Answer:
    """What promtool says of the tests that are generated."""
    (folder / "own.rules.yml").write_text(own.rules(declarations, SERVICE))
    (folder / "own.test.yml").write_text(own_tests.tests(declarations, SERVICE, "own.rules.yml"))
    return promtool.run_tests(folder / "own.test.yml")


@needs_promtool
def test_every_kind_of_alert_fires_and_stays_silent_in_its_own_tests(tmp_path: Path) -> None:
    """promtool loads each rule, and each generated test holds, whatever is compared and whatever the service's name."""
    made = Declarations(None)
    for at, (kind, alert) in enumerate(every_kind_of_alert()):
        name = f"m{at}_total" if kind == "counter" else f"m{at}"
        getattr(made, kind)(name, "Something.", labels=("kind", "ok"), alert=alert)
    answer = run(tmp_path, list(made.all))
    assert answer.fine, answer.text
    assert promtool.check_rules([tmp_path / "own.rules.yml"]).fine
    assert len(made.all) > 40


@needs_promtool
@pytest.mark.parametrize(("written", "broken"), [("> 1.5", "> 150"), ("> 1.5", "> 0.1"), ("rate(", "increase(")])
def test_the_generated_tests_fail_where_the_rule_is_another(tmp_path: Path, written: str, broken: str) -> None:
    """A rule that never fires, one that always does and one that compares something else do not pass."""
    made = [declared("counter", Alert(above=1.5))]
    assert run(tmp_path, made).fine
    rules = tmp_path / "own.rules.yml"
    text = rules.read_text()
    assert written in text
    rules.write_text(text.replace(written, broken))
    assert not promtool.run_tests(tmp_path / "own.test.yml").fine


def test_an_alert_is_of_its_service_and_tells_what_was() -> None:
    """The rule asks for the one service; its texts name the metric, the limit and what to do, in the past."""
    alert = Alert(
        "OrdersRefused", of="share", where={"ok": "no"}, by=("kind",), above=0.2, runbook="Ask the warehouse."
    )
    rule = yaml.safe_load(own.rules([declared("counter", alert)], "shop"))["groups"][0]["rules"][0]
    assert rule["alert"] == "OrdersRefused"
    assert 'service="shop"' in rule["expr"]
    assert "> 0.2" in rule["expr"]
    assert rule["labels"] == {"severity": "ticket"}
    summary = "{{ $labels.service }}: kind {{ $labels.kind }} orders_total was {{ $value | humanizePercentage }} of all"
    assert rule["annotations"]["summary"] == summary
    assert rule["annotations"]["description"].endswith("was above 0.2 for 1m. Ask the warehouse.")
    assert "runbook_url" not in rule["annotations"]
    assert rule["annotations"]["threshold"] == "{{ 0.2 | humanizePercentage }}"


@pytest.mark.parametrize(
    ("name", "of", "value"),
    [
        ("pick_seconds", "p95", "{{ $value | humanizeDuration }}"),
        ("read_bytes", "mean", "{{ $value | humanize1024 }}B"),
        ("hit_ratio", "mean", "{{ $value | humanizePercentage }}"),
        ("pick_seconds", "rate", "{{ $value | humanize }}"),
        ("basket", "mean", "{{ $value | humanize }}"),
    ],
)
def test_a_value_is_told_in_the_unit_of_its_metric(name: str, of: Any, value: str) -> None:
    """Half a second is 500ms in the sentence and in the field, and observations a second are a number."""
    made = Declarations(None)
    made.histogram(name, "Something.", alert=Alert(of=of, above=2))
    rule = own.alert(made.all[0], "shop").rule()
    assert rule["annotations"]["value"] == value
    assert value in rule["annotations"]["summary"]


def test_a_runbook_that_is_a_page_is_linked() -> None:
    """An address becomes the alert's link; ours has no heading for it."""
    made = declared("gauge", Alert(above=1, runbook="https://wiki.example/level"))
    rule = yaml.safe_load(own.rules([made], "shop"))["groups"][0]["rules"][0]
    assert rule["annotations"]["runbook_url"] == "https://wiki.example/level"
    assert "wiki" not in rule["annotations"]["description"]


def test_a_share_of_few_is_no_alert() -> None:
    """A share, a mean and a percentile speak of at least as many as are asked for, and of any where that is 0."""
    few = str(own.alert(declared("counter", Alert(of="share", where={"ok": "no"}, above=0.1)), "shop").expr)
    assert few.endswith('and sum by (service) (increase(orders_total{service="shop"}[5m])) >= 10')
    any_number = Alert(of="share", where={"ok": "no"}, above=0.1, minimum=0)
    assert "and" not in str(own.alert(declared("counter", any_number), "shop").expr)


@pytest.mark.parametrize(
    ("kind", "alert", "said"),
    [
        ("counter", Alert(below=0), "never fires: it is never less than 0"),
        ("counter", Alert(above=-1), "fires always"),
        ("counter", Alert(of="share", where={"ok": "no"}, above=1), "a share is at most 1"),
        ("histogram", Alert(above=20), "never fires: its buckets are 0.005, "),
    ],
)
def test_an_alert_that_could_not_change_its_mind_is_refused(kind: str, alert: Alert, said: str) -> None:
    """Where no series could make it fire, or keep it silent, the declaration is told so with the reason."""
    with pytest.raises(QueryInvalid, match=said):
        own_tests.tests([declared(kind, alert)], "shop", "own.rules.yml")


def test_names_that_are_taken_are_refused() -> None:
    """Neither an alert of ours nor another of the user's may have the name; a text may not name a dropped label."""
    with pytest.raises(QueryInvalid, match="which servewatch has too"):
        own.alert(declared("gauge", Alert("ServiceDown", above=1)), "shop")
    twice = [declared("gauge", Alert("Same", above=1)), declared("counter", Alert("Same", above=1))]
    with pytest.raises(QueryInvalid, match="two metrics have the alert 'Same'"):
        own.rules(twice, "shop")
    with pytest.raises(QueryInvalid, match="speaks of the label 'kind'"):
        own.alert(declared("gauge", Alert(above=1, summary="{{ $labels.kind }}")), "shop")


def test_numbers_keep_their_digits() -> None:
    """A large threshold is not rounded on its way into a query."""
    assert own.number(1234567.25) == "1234567.25"
    assert (own.number(5), own.number(1e-07)) == ("5", "1e-07")
