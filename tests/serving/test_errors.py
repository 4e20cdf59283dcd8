from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import serving
from serving import errors
from serving.batcher import OUTCOMES
from serving.errors import ServewatchError


def classes() -> list[type[ServewatchError]]:
    """Every error class of the package."""
    for module in pkgutil.walk_packages(serving.__path__, "serving."):
        importlib.import_module(module.name)
    found, todo = [ServewatchError], [ServewatchError]
    while todo:
        more = todo.pop().__subclasses__()
        found += more
        todo += more
    return [kind for kind in found if kind.__module__.startswith("serving.")]


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_each_error_has_a_status_a_code_and_an_outcome_that_is_counted(kind: type[ServewatchError]) -> None:
    """Status, code and outcome are what clients, programs and the metrics may rely on."""
    assert 400 <= kind.status < 600
    assert kind.code.replace("_", "").isalpha()
    assert kind.outcome in OUTCOMES
    assert inspect.getdoc(kind)
    assert (kind.outcome == "invalid") == (kind.status in (400, 404, 405, 408, 413, 415, 422, 431))


def test_codes_tell_the_errors_apart() -> None:
    """No two classes share a code."""
    codes = [kind.code for kind in classes()]
    assert sorted(codes) == sorted(set(codes))


def test_the_text_is_the_message_and_the_help_on_a_second_line() -> None:
    """What a terminal shows has two lines; without help, one."""
    assert str(errors.StoreError("it broke", "mend it")) == "it broke\nhelp: mend it"
    assert str(errors.StoreError("it broke")) == "it broke"


def test_the_body_is_the_contracts_json() -> None:
    """code, message and help under "error"."""
    error = errors.QueueFull("full", "wait")
    assert error.body() == {"error": {"code": "queue_full", "message": "full", "help": "wait"}}


def test_shedding_says_when_to_come_again() -> None:
    """Every 503 of ours carries Retry-After."""
    for kind in (errors.Busy, errors.QueueFull, errors.NotReady):
        assert kind.headers == {"retry-after": "1"}
