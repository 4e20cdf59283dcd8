from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from servewatch.cli import main

SOURCE = """
from serving import api, service

@service(slos=[{slo!r}])
class Pets:
    @api
    def predict(self, text: str) -> str:
        return text
"""


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable]:
    """`serve(slo)` gives how `servewatch serve` ends for a service that promises it, and what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def run(slo: str) -> tuple[int, str]:
        (tmp_path / "promising_pets.py").write_text(SOURCE.format(slo=slo))
        with pytest.raises(SystemExit) as ended:
            main(["serve", "promising_pets:Pets", "--port", "0", "--metrics-port", "0"])
        return ended.value.code, capsys.readouterr().err

    yield run
    sys.modules.pop("promising_pets", None)


@pytest.mark.parametrize(
    ("slo", "message"),
    [
        ("latency 99% below 0.25s", "objective 'latency 99% below 0.25s' of pets is none of availability 99.9%"),
        ("availability 100%", "leaves no budget"),
        ("latency 99% under 0.3s", "0.3 s is no bound of servewatch_request_duration_seconds"),
    ],
)
def test_an_objective_that_cannot_be_kept_ends_the_start(
    serve: Callable[[str], tuple[int, str]], slo: str, message: str
) -> None:
    """It says what is wrong with it, before the service takes a port."""
    code, said = serve(slo)
    assert code == 2
    assert message in said
    assert said.splitlines()[-1] == 'help: change slos= of @service, as in slos=["latency 99% under 0.25s"]'
