from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from monitoring.tracing import TracingInvalid, TracingUnavailable, active, setup
from monitoring.tracing.setup import traces_url


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://collector/", "https://collector/v1/traces"),
        ("https://vendor.example/otlp/v1/traces?key=1", "https://vendor.example/otlp/v1/traces?key=1"),
    ],
)
def test_a_collectors_bare_address_gets_the_path_of_traces(endpoint: str, url: str) -> None:
    """A path that was given is kept."""
    assert traces_url(endpoint) == url


@pytest.mark.parametrize("endpoint", ["", "localhost:4318", "grpc://collector:4317", "http://", "http://a:b", "yes"])
def test_an_address_that_is_none_is_refused(endpoint: str) -> None:
    """The error has what was given and an example of what is taken."""
    with pytest.raises(TracingInvalid) as caught:
        setup("shop", endpoint=endpoint)
    assert str(caught.value) == f"the collector is {endpoint!r}, expected a URL such as http://127.0.0.1:4318"
    assert active() is None


@pytest.mark.parametrize("sample", [-0.1, 1.01, float("nan")])
def test_a_share_that_is_none_is_refused(sample: float) -> None:
    """Only 0 to 1 is a share."""
    with pytest.raises(TracingInvalid, match=r"expected a share in 0 to 1, such as 0\.01"):
        setup("shop", endpoint="http://127.0.0.1:4318", sample=sample)


def test_without_opentelemetry_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing is an extra."""
    monkeypatch.delitem(sys.modules, "monitoring.tracing.tracer", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(TracingUnavailable, match=r"pip install 'servewatch\[tracing\]'"):
        setup("shop", endpoint="http://127.0.0.1:4318")


@pytest.mark.parametrize(
    ("package", "heavy"), [("monitoring.tracing", ""), ("serving", ".sdk"), ("serving", ".exporter")]
)
def test_opentelemetry_is_not_imported_while_tracing_is_off(package: str, heavy: str) -> None:
    """monitoring imports nothing of it; the server's framework brings its bare interface, and we nothing more."""
    code = f"import sys, {package}; print([m for m in sys.modules if m.startswith('opentelemetry{heavy}')])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_users_own_spans_go_the_same_way() -> None:
    """OpenTelemetry's global provider becomes ours, unless the process has one already."""
    code = (
        "import sys; from opentelemetry import trace; from opentelemetry.sdk.trace import TracerProvider;"
        "from monitoring.tracing import setup;"
        "given = sys.argv[1] == 'given' and TracerProvider();"
        "given and trace.set_tracer_provider(given);"
        "live = setup('a', endpoint='http://127.0.0.1:9');"
        "print(trace.get_tracer_provider() is (given or live.provider))"
    )

    def run(how: str) -> Any:
        done = subprocess.run([sys.executable, "-c", code, how], capture_output=True, text=True, timeout=60)
        return done.stdout, done.stderr

    assert (run("given"), run("none")) == (("True\n", ""), ("True\n", ""))
