from __future__ import annotations

import importlib
import linecache
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.errors import ServiceInvalid
from serving.loading import load_service
from serving.service import definition

HEAD = """
import functools
from typing import Any, overload

import serving
from serving import api, batched, service

FAST = True


def logged(method):
    @functools.wraps(method)
    def call(*given):
        return method(*given)

    return call


@service
class Pets:
    @api
    def ask(self, text: str) -> str:
        return text

"""
LINE = HEAD.count("\n") + 1
"""Of the first line of what the tests put into the class."""


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """`declare(members)` is a service of these, as `servewatch serve` loads it from a file; `after` stands below it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(members: str, after: str = "") -> Any:
        sys.modules.pop("losing_pets", None)
        inner = textwrap.indent(textwrap.dedent(members).strip("\n"), "    ")
        (tmp_path / "losing_pets.py").write_text(f"{HEAD}{inner}\n{after}")
        importlib.invalidate_caches()
        return load_service("losing_pets:Pets")

    yield write
    sys.modules.pop("losing_pets", None)


@pytest.mark.parametrize(
    ("members", "first", "decorator", "last"),
    [
        (
            """
            @api
            def predict(self, text: str) -> str:
                return text

            @api(path="/other")
            async def predict(self, count: int) -> int:
                return count
            """,
            1,
            "@api",
            5,
        ),
        (
            """
            @batched(
                max_rows=8,
            )
            def double(self, rows):
                return rows

            def double(self, rows):
                return double(rows)
            """,
            3,
            "@batched",
            6,
        ),
        (
            """
            @logged
            @serving.api
            @logged
            def predict(self, text: str) -> str:
                return text

            predict: Any = None
            """,
            3,
            "@api",
            6,
        ),
        (
            """
            @api
            def predict(self, text: str) -> str:
                return text

            if FAST:
                @api
                def predict(self, text: str) -> str:
                    return text.upper()

            class predict:
                pass
            """,
            1,
            "@api",
            9,
        ),
        (
            """
            @api
            def predict(self, text: str) -> str:
                return text

            table, predict = {}, 3
            """,
            1,
            "@api",
            4,
        ),
    ],
)
def test_a_method_whose_name_another_takes_is_told_with_both_lines(
    declare: Callable[..., Any], members: str, first: int, decorator: str, last: int
) -> None:
    """Python would keep the last, and clients of the first would get its answers or a 404."""
    with pytest.raises(ServiceInvalid, match=r"Pets has '(predict|double)' twice") as caught:
        declare(members)
    places = f"at losing_pets.py:{LINE + first} with {decorator} and at losing_pets.py:{LINE + last}:"
    assert places in caught.value.message
    assert caught.value.message.startswith("losing_pets.py:")
    assert caught.value.help == "give one of them another name, or take it away"


@pytest.mark.parametrize(
    "members",
    [
        """
        if FAST:
            @api
            def predict(self, text: str) -> str:
                return text
        else:
            @api
            def predict(self, text: str) -> str:
                return text.upper()
        """,
        """
        @api
        def predict(self, text: str) -> str:
            return text

        if FAST:
            @api
            def predict(self, text: str) -> str:
                return text.upper()
        """,
        """
        try:
            import nowhere_to_be_found

            @api
            def predict(self, text: str) -> str:
                return text
        except ImportError:
            @api
            def predict(self, text: str) -> str:
                return text.upper()
        """,
        """
        @api
        def predict(self, text: str) -> str:
            return text

        predict = logged(predict)
        """,
        """
        @api(path="/before")
        def predict(self, text: str) -> str:
            return text

        predict_before = predict

        @api
        def predict(self, text: str) -> str:
            return text.upper()
        """,
        """
        @property
        def predict(self) -> str:
            return ""

        @predict.setter
        def predict(self, text: str) -> None: ...
        """,
        """
        @overload
        @api
        def predict(self, text: str) -> str: ...

        @overload
        def predict(self, text: int) -> str: ...

        @api
        def predict(self, text: str) -> str:
            return text
        """,
        """
        def predict(self, text: str) -> str:
            return text

        @api
        def predict(self, text: str) -> str:
            return text.upper()
        """,
        """
        @api
        def predict(self, text: str) -> str:
            return text

        predict: Any

        class Inner:
            @api
            def predict(self, text: str) -> str:
                return text
        """,
    ],
)
def test_what_is_meant_is_not_told(declare: Callable[..., Any], members: str) -> None:
    """One of several under a condition, a method that is used before, a property's setter, overloads."""
    assert {endpoint.name for endpoint in definition(declare(members)).endpoints} >= {"ask"}


BASE = """

class Base:
    @api
    def predict(self, text: str) -> str:
        return text

    def predict(self) -> None: ...


@service
class Cats(Base):
    @api
    def ask(self, text: str) -> str:
        return text
"""


def test_a_base_class_that_lost_a_method_is_told(declare: Callable[..., Any]) -> None:
    """Its service has lost it, too, and the message names the class that it was written in."""
    with pytest.raises(ServiceInvalid, match=r"Base has 'predict' twice, at losing_pets\.py:\d+ with @api"):
        declare("pass", BASE)


def test_a_class_without_source_is_served_as_python_made_it() -> None:
    """One that was typed at a prompt or made by exec: nothing is told, and nothing fails."""
    names: dict[str, Any] = {"__name__": "typed_pets"}
    twice = "    @api\n    def predict(self, text: str) -> str:\n        return text\n\n"
    exec(compile(HEAD + twice + twice, "<stdin>", "exec"), names)
    assert [endpoint.name for endpoint in definition(names["Pets"]).endpoints] == ["ask", "predict"]


def test_source_that_was_changed_since_is_not_believed(declare: Callable[..., Any], tmp_path: Path) -> None:
    """What stands at that line now is another method: it says nothing of the class that runs."""
    names: dict[str, Any] = {"__name__": "changed_pets"}
    twice = "    @api\n    def predict(self, text: str) -> str:\n        return text\n\n"
    (tmp_path / "changed_pets.py").write_text("class Pets:\n    broken\n  at all\n")
    exec(compile(HEAD + twice + twice, str(tmp_path / "changed_pets.py"), "exec"), names)
    assert len(definition(names["Pets"]).endpoints) == 2


def test_no_source_is_read_where_nothing_was_lost(declare: Callable[..., Any]) -> None:
    """The price of an import is a look into a dict for each method."""
    members = """
    @batched
    def double(self, rows):
        return rows
    """
    file = sys.modules[declare(members).__module__].__file__
    assert file not in linecache.cache
    with pytest.raises(ServiceInvalid):
        declare("pass", BASE)
    assert file in linecache.cache
