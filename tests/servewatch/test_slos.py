"""servewatch/slos.py: what a service promises, in its own line or in slos.yml, is what its stack records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from servewatch import slos
from servewatch.generate import ROOT
from servewatch.stack import config, prepare, promtool
from servewatch.stack.errors import ObjectivesWrong
from servewatch.stack.ports import Ports
from serving import api, service
from serving.errors import ServiceInvalid

SHOP = """
from monitoring import own
from serving import api, service

CHECKOUTS = own.counter("checkouts_total", "Checkouts.", labels={"by": ("card", "cash")})
FAILURES = own.counter("checkout_failures_total", "Checkouts that failed.", labels=("reason",))
QUEUE = own.gauge("checkout_queue", "Checkouts that wait.")

@service(slos=["latency 99% under 0.25s"])
class Shop:
    @api
    async def buy(self, item: dict) -> dict:
        return item

    @api(batch=True)
    def price(self, items: list[dict]) -> list[float]:
        return [1.0 for _ in items]
"""


def describe(folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "shop.py").write_text(SHOP)
    command = [sys.executable, "-m", "servewatch.stack.describe", "shop:Shop", str(folder / "own")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def described(folder: Path, monkeypatch: pytest.MonkeyPatch, promises: str) -> prepare.Described:
    (folder / "shop.py").write_text(SHOP)
    (folder / "slos.yml").write_text(promises)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return prepare.described("shop:Shop", folder, folder / "own")


def test_a_stack_records_what_its_service_promises(tmp_path: Path) -> None:
    """The line in the service and the file beside it take the place of the defaults in the stack's rules."""
    (tmp_path / "slos.yml").write_text("shop: [availability 99.5%]\n")
    answer = describe(tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == {"name": "shop", "owner": "", "doubts": []}
    config.write(tmp_path, Ports(), "shop", "route: {}", tmp_path / "own")
    text = (tmp_path / "rules" / slos.RULES).read_text()
    assert "vector(0.995)" in text
    assert 'le="0.25"' in text
    if promtool.find() is not None:
        told = promtool.check_rules(sorted((tmp_path / "rules").glob("*.yml")))
        assert told.fine, told.text


def test_a_stack_without_promises_has_the_defaults(tmp_path: Path) -> None:
    """Where nothing is declared, nothing is written, and the generated rules stay."""
    slos.write(tmp_path / "own", slos.objectives("shop", (), tmp_path))
    assert not (tmp_path / "own").exists()
    config.write(tmp_path, Ports(), "shop", "route: {}", tmp_path / "own")
    generated = (ROOT / "alerts/generated" / slos.RULES).read_text()
    assert (tmp_path / "rules" / slos.RULES).read_text() == generated


def test_a_promise_that_cannot_be_measured_keeps_the_stack_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the file is what is told."""
    with pytest.raises(ObjectivesWrong, match=r"0.3 s is no bound of servewatch_request_duration_seconds"):
        described(tmp_path, monkeypatch, "shop: [latency 99% under 0.3s]\n")


OWN = """
shop:
  - name: checkouts
    objective: 99.5%
    errors: sum(rate({errors}[$window]))
    total: sum(rate(checkouts_total[$window]))
"""


def test_a_misspelt_metric_of_an_objective_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing would ever break it; as another program may expose the name it is told with its place, not refused."""
    assert described(tmp_path, monkeypatch, OWN.format(errors="checkout_failures_total")).doubts == ()
    (doubt,) = described(tmp_path, monkeypatch, OWN.format(errors="checkout_failres_total")).doubts
    first, text, caret, expected = doubt.splitlines()
    assert first == (
        "slos.yml:5: errors of the objective 'checkouts' of shop: 'checkout_failres_total' is declared nowhere"
    )
    assert caret.index("^") == text.index("checkout_failres_total")
    assert expected.endswith("nothing is ever counted; perhaps checkout_failures_total")


@pytest.mark.parametrize(
    ("errors", "said", "expected"),
    [
        ('servewatch_requests_total{code=~"5xx"}', '"5xx"', "one of 100 to 599; perhaps 5.."),
        ('servewatch_requests_total{endpoint="byu",code=~"5.."}', '"byu"', "one of buy, price, unknown; perhaps buy"),
        (
            'servewatch_requests_total{service="shop",endpoint=~"byu|prize"}',
            '"byu|prize"',
            "one of buy, price, unknown",
        ),
        ('servewatch_runner_requests_total{outcome="eror"}', '"eror"', "; perhaps error"),
        ('servewatch_runner_requests_total{runner="prize"}', '"prize"', "one of price; perhaps price"),
        ('checkouts_total{by="cart"}', '"cart"', "one of card, cash; perhaps card"),
    ],
)
def test_a_misspelt_value_of_an_objective_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: str, said: str, expected: str
) -> None:
    """Where the values of a label are known, one that is none of them breaks no objective: it is told with a caret."""
    (doubt,) = described(tmp_path, monkeypatch, OWN.format(errors=errors)).doubts
    first, text, caret, last = doubt.splitlines()
    assert first.startswith("slos.yml:5: errors of the objective 'checkouts' of shop: ")
    assert (caret.index("^"), caret.count("^")) == (text.index(said), len(said))
    assert last.startswith("    expected: ")
    assert last.endswith(expected)


@pytest.mark.parametrize(
    "errors",
    [
        'servewatch_requests_total{code=~"5..|5xx",endpoint="price"}',
        'servewatch_requests_total{endpoint!="byu",code!="404"}',
        'servewatch_requests_total{service="other",endpoint="sell"}',
        'servewatch_requests_total{service=~"shop|other",endpoint="sell"}',
        'checkout_failures_total{reason="whatever"}',
        'servewatch_feature_observations_total{bin="missing",role="input"}',
        'revision_request_count{response_code_class="5xx"}',
    ],
)
def test_values_that_may_be_there_are_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: str) -> None:
    """What some value matches, another service's endpoints, open labels and the metrics of other servers are fine."""
    assert described(tmp_path, monkeypatch, OWN.format(errors=errors)).doubts == ()


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ('checkout_failures_total{raeson="x"}', "has no label 'raeson'"),
        ("checkout_queue", "which is no counter"),
        ("checkout_failures_total) / (", "is not PromQL"),
    ],
)
def test_a_query_that_cannot_count_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: str, said: str
) -> None:
    """What a declaration shows to be wrong keeps the stack from starting."""
    with pytest.raises(ObjectivesWrong, match=said) as refused:
        described(tmp_path, monkeypatch, OWN.format(errors=errors))
    assert "slos.yml:5: errors of the objective 'checkouts' of shop" in refused.value.message
    assert "slos.yml" in (refused.value.help or "")


def test_a_service_that_nobody_watches_is_told(tmp_path: Path) -> None:
    """A misspelt service has objectives that nothing measures; those of every service are nobody's in particular."""
    (tmp_path / "slos.yml").write_text('shp: [availability 99.5%]\nshop: [drift-free 95%]\n"*": [availability 99%]\n')
    (told,) = slos.strangers(tmp_path, {"shop"})
    assert told.startswith("slos.yml promises something of 'shp', and this stack watches shop: ")
    assert slos.strangers(tmp_path, {"shop", "shp"}) == []
    assert "watches nothing" in slos.strangers(tmp_path, ())[0]


def test_a_generated_objective_of_a_misspelt_metric_is_told(tmp_path: Path) -> None:
    """`generate --service` writes the files, and says what is odd beside them."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "slos.yml").write_text(OWN.format(errors="checkout_failres_total"))
    command = [sys.executable, "-m", "servewatch", "generate", "--service", "shop:Shop", "--out", "made"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert "'checkout_failres_total' is declared nowhere" in answer.stderr
    assert "checkout_failres_total" in (tmp_path / "made/rules" / slos.RULES).read_text()


def test_promises_are_texts() -> None:
    """A single text in place of a list is refused where it is declared."""
    with pytest.raises(ServiceInvalid, match="slos is 'availability 99%'"):

        @service(slos="availability 99%")
        class Wrong:
            @api
            async def buy(self, item: dict) -> dict:
                return item
