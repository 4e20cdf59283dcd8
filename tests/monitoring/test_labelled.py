"""Decorators with labels that a function of the result and the arguments tells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import counted, in_progress, observed, timed
from monitoring.own import Declarations
from tests.monitoring.clock import Clock


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_a_label_comes_from_the_arguments_or_the_result(registry: CollectorRegistry) -> None:
    """A text is the one label, a tuple are several in order, a dict are several by name; on def and async def."""
    orders = Declarations(registry).counter("orders_total", "Orders.", labels=("kind", "ok"))

    @counted(orders, label=lambda result, kind, fine=True: (kind, result))
    def take(kind: str, fine: bool = True) -> str:
        return "yes" if fine else "no"

    @counted(orders, label=lambda result, kind: {"ok": result, "kind": kind})
    async def take_later(kind: str) -> str:
        return "yes"

    take("book")
    take("book", fine=False)
    asyncio.run(take_later(kind="disc"))
    found = {labels: registry.get_sample_value("orders_total", dict(zip(("kind", "ok"), labels, strict=True)))
             for labels in (("book", "yes"), ("book", "no"), ("disc", "yes"))}  # fmt: skip
    assert found == {("book", "yes"): 1, ("book", "no"): 1, ("disc", "yes"): 1}


def test_of_a_method_self_is_the_first_argument(registry: CollectorRegistry) -> None:
    """The function gets what the method gets."""
    calls = Counter("calls", "c", ["shop"], registry=registry)

    class Shop:
        name = "north"

        @counted(calls, label=lambda result, self: self.name)
        def take(self) -> None: ...

    Shop().take()
    assert registry.get_sample_value("calls_total", {"shop": "north"}) == 1


def test_a_call_that_raised_is_counted_and_timed_with_its_error(registry: CollectorRegistry) -> None:
    """The error is the result; it reaches the caller as it was."""
    clock = Clock()
    seconds = Histogram("s", "s", ["how"], registry=registry)
    failed = Counter("failed", "f", ["why"], registry=registry)

    @timed(seconds, label=lambda result: type(result).__name__, clock=clock)
    @counted(failed, errors=ValueError, label=lambda error: str(error))
    async def work(fail: bool = True) -> int:
        clock.now += 2
        if fail:
            raise ValueError("empty")
        return 1

    with pytest.raises(ValueError, match=r"^empty$"):
        asyncio.run(work())
    assert registry.get_sample_value("s_sum", {"how": "ValueError"}) == 2
    assert registry.get_sample_value("failed_total", {"why": "empty"}) == 1


def test_a_label_that_cannot_be_told_is_other_and_is_logged_once(
    registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake in the function breaks no call; the log has it once, with its traceback."""
    orders = Declarations(registry).counter("orders_total", "Orders.", labels=("kind", "ok"))

    @counted(orders, label=lambda result: result.kind)
    def take() -> str:
        return "done"

    with caplog.at_level(logging.ERROR, "monitoring"):
        assert [take(), take()] == ["done", "done"]
    assert registry.get_sample_value("orders_total", {"kind": "other", "ok": "other"}) == 2
    assert len(caplog.records) == 1
    assert "no attribute 'kind'" in caplog.text


def test_calls_in_progress_are_told_apart_by_their_arguments(registry: CollectorRegistry) -> None:
    """The gauge of the label is up while the call runs and back when it has raised."""
    gauge, seen = Gauge("g", "g", ["kind"], registry=registry), []

    @in_progress(gauge, label=lambda _, kind: kind)
    def work(kind: str) -> None:
        seen.append(registry.get_sample_value("g", {"kind": kind}))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        work("book")
    assert seen == [1]
    assert registry.get_sample_value("g", {"kind": "book"}) == 0


def test_observed_items_of_generators_have_labels_of_their_own(registry: CollectorRegistry) -> None:
    """Each item that a generator yields is observed under what the function makes of it, async or not."""
    sizes = Histogram("size", "s", ["first"], registry=registry)

    @observed(sizes, len, label=lambda item: item[0])
    def words() -> Iterator[str]:
        yield "ab"
        yield "acd"

    @observed(sizes, len, label=lambda item: item[0])
    async def later() -> AsyncIterator[str]:
        yield "b"

    async def drain() -> list[str]:
        return [item async for item in later()]

    assert [*words(), *asyncio.run(drain())] == ["ab", "acd", "b"]
    assert registry.get_sample_value("size_sum", {"first": "a"}) == 5
    assert registry.get_sample_value("size_count", {"first": "b"}) == 1


def test_a_generator_is_counted_at_its_end_by_what_it_returned(registry: CollectorRegistry) -> None:
    """Counted and timed once, with the value that it returned, or with the error that ended it."""
    runs = Counter("runs", "r", ["how"], registry=registry)

    @counted(runs, label=lambda result, *_: result if isinstance(result, str) else type(result).__name__)
    def items(fail: bool) -> Iterator[int]:
        yield 1
        if fail:
            raise KeyError
        return "done"

    assert list(items(False)) == [1]
    with pytest.raises(KeyError):
        list(items(True))
    left = items(False)
    next(left)
    left.close()
    found = {
        how: registry.get_sample_value("runs_total", {"how": how}) for how in ("done", "KeyError", "GeneratorExit")
    }
    assert found == {"done": 1, "KeyError": 1, "GeneratorExit": 1}
