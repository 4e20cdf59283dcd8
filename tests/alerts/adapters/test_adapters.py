"""alerts/adapters: each server's page, as it would be scraped, gives the recordings that dashboards and alerts read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import alerts
from alerts import adapters, requests
from alerts.adapters import ADAPTERS, BY_KIND, GAP, SIGNALS
from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import Latency, answered, summed
from alerts.adapters.foreign import counter, gauge, histogram
from alerts.promql import QueryInvalid
from servewatch.stack import promtool

PAGES = Path(__file__).parent / "pages"
RULES = Path(alerts.__file__).parent / "generated"
SAMPLE = re.compile(r"(?P<name>[\w:]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)\Z")
AT = "8m"

HALF = {"p50_5m": 0.5, "p95_5m": 0.95, "p99_5m": 0.99, "p95_1m": 0.95}
"""Of requests that take up to a second, each duration as often as any other."""

EXPECTED = {
    "bentoml": {"codes": {"200": 18, "500": 2}, "errors": 0.1, "in_progress": 3, "batch": 4, "latency": HALF},
    "bentoml-1.0": {"codes": {"200": 18, "500": 2}, "errors": 0.1, "in_progress": 3, "batch": 4, "latency": HALF},
    "mlserver": {
        "codes": {"200": 18.5, "400": 1.5, "404": 0.1, "500": 2},
        "errors": 0.09,
        "in_progress": 3,
        "queue": 0.22,
        "latency": {"p50_5m": 0.831, "p95_5m": 1, "p99_5m": 2.198, "p95_1m": 1},
        "slow": 0.896,
    },
    "triton": {
        "codes": {"200": 17, "499": 1, "500": 1, "503": 1},
        "errors": 0.1,
        "queue": 7,
        "wait": 0.02,
        "batch": 4,
        "latency": {"p50_5m": 0.5, "p95_5m": 1.85, "p99_5m": 1.97, "p95_1m": 1.85},
    },
    "tensorflow": {
        "codes": {"200": 17, "400": 1, "500": 1, "504": 1},
        "errors": 0.1,
        "wait": 0.02,
        "batch": 4,
        "latency": {"p50_5m": 0.5, "p95_5m": 1.178, "p99_5m": 1.255, "p95_1m": 1.178},
    },
    "kserve": {"codes": {"200": 18, "502": 2}, "errors": 0.1, "queue": 7, "latency": HALF},
    "seldon": {"codes": {"200": 17, "400": 1, "500": 1, "503": 1}, "errors": 0.1, "latency": HALF},
    "ray": {
        "codes": {"200": 18, "500": 1.5, "503": 0.5},
        "errors": 0.1,
        "in_progress": 23,
        "queue": 7,
        "wait": 0.004,
        "batch": 2.815,
        "latency": {"p50_5m": 3.204, "p95_5m": 4.82, "p99_5m": 4.964, "p95_1m": 4.82},
        "slow": 0.9,
    },
    "vllm": {
        "codes": {"200": 17, "400": 0.5, "499": 1, "500": 2},
        "errors": 0.098,
        "in_progress": 11,
        "queue": 7,
        "wait": 0.02,
        "batch": 4,
        "latency": HALF,
    },
    "torchserve": {"codes": {"200": 17, "400": 1, "500": 2}, "errors": 0.1, "wait": 0.02},
    "fastapi": {"codes": {"200": 18, "500": 2}, "errors": 0.1, "in_progress": 3, "latency": HALF},
    "servewatch": {
        "codes": {"200": 18, "500": 2},
        "errors": 0.1,
        "in_progress": 3,
        "queue": 7,
        "wait": 0.02,
        "batch": 4,
        "latency": HALF,
    },
}
"""What a page gives whose counters grow by what stands there, each ten seconds.

Those of MLServer and Ray were scraped after 200 requests over HTTP, of which 20 failed; the others are written by hand.
"""

NAMES = {
    "errors": "serving:errors:ratio_rate5m",
    "in_progress": "serving:requests_in_progress",
    "queue": "serving:queue_requests",
    "wait": "serving:queue_seconds:mean5m",
    "batch": "serving:batch_size:mean5m",
}

needs_promtool = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)
each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.kind)


def samples(adapter: Adapter) -> list[tuple[str, str, str]]:
    """Name, labels and value of every line of the adapter's page."""
    lines = (line for line in (PAGES / f"{adapter.kind}.txt").read_text().splitlines() if not line.startswith("#"))
    return [match.group("name", "labels", "value") for line in lines if (match := SAMPLE.match(line))]


def series(adapter: Adapter, without: str = "") -> list[dict[str, str]]:
    """The page as promtool's input: gauges stay what they are, all else grows by it."""
    gauges = {metric.name for metric in adapter.metrics if metric.kind == "gauge"}
    target = f'job="serving",instance="a:1",service="ranking",adapter="{adapter.kind}"'
    found = [{"series": f"up{{{target}}}", "values": "1x60"}]
    for name, labels, value in samples(adapter):
        # A label that the target has too is kept under another name, as Prometheus does it.
        kept = re.sub(r"\bservice=", "exported_service=", labels or "")
        inside = ",".join(part for part in (kept, target) if part)
        grown = f"{value}x60" if name in gauges else f"0+{value}x60"
        if not without or not name.startswith(without):
            found.append({"series": f"{name}{{{inside}}}", "values": grown})
    return found


def asked(expr: str, *wanted: tuple[str, float]) -> dict[str, object]:
    """A case of promtool: the labels and values that a query has."""
    samples = [{"labels": labels, "value": value} for labels, value in wanted]
    return {"expr": f"round({expr}, 0.001)", "eval_time": AT, "exp_samples": samples}


def run(folder: Path, adapter: Adapter, cases: list[dict[str, object]], without: str = "") -> promtool.Answer:
    """What promtool says of the adapter's generated rules, with those that stand on them."""
    names = (f"adapter-{adapter.kind}", "requests", "batching", "slo")
    files = [str(RULES / f"{name}.rules.yml") for name in names]
    test = {"interval": "10s", "input_series": series(adapter, without), "promql_expr_test": cases}
    file = folder / "adapter.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": files, "evaluation_interval": "10s", "tests": [test]}))
    return promtool.run_tests(file)


@needs_promtool
@each
def test_a_page_gives_the_canonical_recordings(adapter: Adapter, tmp_path: Path) -> None:
    """Rates by code, the error ratio, percentiles in seconds, gauges and means are those that the page says."""
    wanted = EXPECTED[adapter.kind]
    codes = [(f'{{service="ranking",code="{code}"}}', rate) for code, rate in wanted["codes"].items()]
    cases = [asked("serving:requests:rate5m", *codes), asked("serving:requests:rate1m", *codes)]
    for key, name in NAMES.items():
        cases.append(asked(name, *([('{service="ranking"}', wanted[key])] if key in wanted else [])))
    for which in HALF:
        percentile = [('{service="ranking"}', wanted["latency"][which])] if "latency" in wanted else []
        cases.append(asked(f"serving:request_duration_seconds:{which}", *percentile))
    answer = run(tmp_path, adapter, cases)
    assert answer.fine, answer.text


@needs_promtool
@each
def test_the_objectives_of_every_service_are_measured(adapter: Adapter, tmp_path: Path) -> None:
    """Availability and `latency under 0.5 s` have a ratio, whatever unit and bounds the server has."""
    wanted = EXPECTED[adapter.kind]
    cases = [asked('slo:sli_error:ratio_rate5m{slo="availability"}', (_slo("availability"), wanted["errors"]))]
    slow = [(_slo("latency"), wanted.get("slow", 0.5))] if "latency" in wanted else []
    cases.append(asked('slo:sli_error:ratio_rate5m{slo="latency"}', *slow))
    answer = run(tmp_path, adapter, cases)
    assert answer.fine, answer.text


def _slo(name: str) -> str:
    return f'{{service="ranking",slo="{name}"}}'


@needs_promtool
@each
def test_gaps_are_those_that_nothing_fills(adapter: Adapter, tmp_path: Path) -> None:
    """On a full page the gaps are what the server never tells; without an optional metric, that signal as well."""
    full = [(_gap(adapter, signal), adapter.number) for signal in adapter.gaps]
    answer = run(tmp_path, adapter, [asked(GAP, *full)])
    assert answer.fine, answer.text
    for signal, metric in adapter.shown_by.items():
        more = [*full, (_gap(adapter, signal), adapter.number)]
        cases = [asked(f'{GAP}{{signal=~"{"|".join([*adapter.gaps, signal])}"}}', *more)]
        answer = run(tmp_path, adapter, cases, without=metric.name)
        assert answer.fine, answer.text


def _gap(adapter: Adapter, signal: str) -> str:
    return f'{{service="ranking",signal="{signal}",server="{adapter.server}"}}'


@each
def test_each_line_of_a_page_is_of_a_declared_metric_with_its_labels(adapter: Adapter) -> None:
    """Names, labels and bounds in the declarations are those of the page, and each declared metric is on it."""
    known = {name: labels for metric in adapter.metrics for name, labels in metric.series.items()}
    seen = set()
    for name, labels, _ in samples(adapter):
        if name == "Requests2XX":  # there, and read by nothing
            continue
        given = set(re.findall(r"(\w+)=", labels or ""))
        assert given <= known[name] - (set() if adapter.own else {"service", "adapter"}), name
        seen.add(name)
    assert seen == known.keys()


@each
def test_bounds_are_those_of_the_page(adapter: Adapter) -> None:
    """The buckets of the latency are declared as the page has them, in the server's own unit."""
    if adapter.latency is None:
        assert "latency" in (*adapter.gaps, *adapter.own)
        return
    metric = adapter.latency.metric
    texts = {
        re.search(r'le="([^"]+)"', labels)[1] for name, labels, _ in samples(adapter) if name == f"{metric.name}_bucket"
    }
    assert sorted(map(float, texts - {"+Inf"})) == pytest.approx(list(metric.buckets), rel=1e-5)


def test_kinds_and_numbers_are_unique() -> None:
    """Panels tell servers apart by number, and users by kind."""
    assert len({adapter.number for adapter in ADAPTERS}) == len(ADAPTERS) == len(BY_KIND)
    assert 0 not in {adapter.number for adapter in ADAPTERS}
    assert set(EXPECTED) == set(BY_KIND)


@each
def test_every_signal_is_provided_or_a_gap(adapter: Adapter) -> None:
    """Nothing that dashboards ask for is left unsaid."""
    assert adapter.provided | set(adapter.gaps) == set(SIGNALS)
    assert not adapter.provided & set(adapter.gaps)


def test_an_adapter_that_would_be_misread_is_refused() -> None:
    """A signal that is none, labels that the recording lacks, and a time without a unit each raise."""
    odd = gauge("x", "X.")
    with pytest.raises(QueryInvalid, match="fills 'requests'"):
        Adapter("x", "X", 99, 1, (odd,), gauges={"requests": summed(odd)})
    with pytest.raises(QueryInvalid, match="with the labels service"):
        Adapter("x", "X", 99, 1, (), requests=(answered(counter("y", "Y."), ""),)).recordings()
    with pytest.raises(QueryInvalid, match="has the unit 'rows'"):
        _ = Latency(histogram("z", "Z.", buckets=(1.0,), unit="rows")).unit


def test_recordings_are_ours_and_no_others() -> None:
    """What adapters fill are recordings that our own service fills too, and the one that states gaps."""
    ours = {recording.name for recording in alerts.RECORDINGS} | {GAP}
    assert {one.name for adapter in ADAPTERS for one in adapter.recordings()} <= ours
    assert requests.BUCKETS["5m"].name in ours


def test_rule_files_are_generated() -> None:
    """Each adapter has its rule file beside those of the alerts."""
    for name, text in adapters.files().items():
        assert (RULES / name).read_text() == text
