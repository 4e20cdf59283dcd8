from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import counted, in_progress, observed, timed
from tests.monitoring.clock import Clock


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def total(registry: CollectorRegistry, name: str, **labels: str) -> float:
    value = registry.get_sample_value(name, labels)
    assert value is not None, f"{name}{labels} is not there"
    return value


def test_timed_measures_a_coroutine_until_it_is_done(registry: CollectorRegistry) -> None:
    """A coroutine's time is that of its work, not of the call that makes it."""
    clock, histogram = Clock(), Histogram("h", "h", registry=registry)

    @timed(histogram, clock=clock)
    async def work() -> int:
        await asyncio.sleep(0)
        clock.now += 0.2
        return 7

    assert asyncio.run(work()) == 7
    assert total(registry, "h_sum") == pytest.approx(0.2)
    assert inspect.iscoroutinefunction(work)


def test_timed_measures_a_generator_until_its_end(registry: CollectorRegistry) -> None:
    """A generator's time runs from its first step to its last, and is observed once."""
    clock, histogram = Clock(), Histogram("h", "h", registry=registry)

    @timed(histogram, clock=clock)
    def items() -> Iterator[int]:
        for item in range(3):
            clock.now += 1
            yield item

    assert list(items()) == [0, 1, 2]
    assert total(registry, "h_sum") == 3
    assert total(registry, "h_count") == 1
    assert inspect.isgeneratorfunction(items)


def test_timed_measures_an_async_generator_that_is_left_early(registry: CollectorRegistry) -> None:
    """Closing an async generator early closes the inner one and ends the measurement."""
    clock, histogram, closed = Clock(), Histogram("h", "h", registry=registry), []

    @timed(histogram, clock=clock)
    async def items() -> AsyncIterator[int]:
        try:
            while True:
                clock.now += 1
                yield 1
        finally:
            closed.append(True)

    async def take_two() -> None:
        stream = items()
        await anext(stream)
        await anext(stream)
        await stream.aclose()

    asyncio.run(take_two())
    assert closed == [True]
    assert total(registry, "h_sum") == 2
    assert inspect.isasyncgenfunction(items)


def test_generators_pass_sent_values_thrown_errors_and_results(registry: CollectorRegistry) -> None:
    """A measured generator talks to its caller exactly as the bare one does."""

    @counted(Counter("c", "c", registry=registry))
    def echo() -> Iterator[object]:
        got: object = None
        while got != "stop":
            try:
                got = yield got
            except KeyError as error:
                got = f"caught {error.args[0]}"
        return "done"

    talk = echo()
    assert next(talk) is None
    assert talk.send("hello") == "hello"
    assert talk.throw(KeyError("k")) == "caught k"
    with pytest.raises(StopIteration) as end:
        talk.send("stop")
    assert end.value.value == "done"


def test_async_generators_pass_sent_values_and_thrown_errors(registry: CollectorRegistry) -> None:
    """A measured async generator talks to its caller exactly as the bare one does."""

    @counted(Counter("c", "c", registry=registry))
    async def echo() -> AsyncIterator[object]:
        got: object = None
        while True:
            try:
                got = yield got
            except KeyError as error:
                got = f"caught {error.args[0]}"

    async def talk() -> list[object]:
        stream = echo()
        heard = [await anext(stream), await stream.asend("hello"), await stream.athrow(KeyError("k"))]
        await stream.aclose()
        return heard

    assert asyncio.run(talk()) == [None, "hello", "caught k"]


def test_counted_counts_errors_by_class_on_every_kind_of_function(registry: CollectorRegistry) -> None:
    """With errors= and label=, what is raised is counted under its class's name, on def and async def alike."""
    errors = Counter("errors", "e", ["exception"], registry=registry)
    count = counted(errors, errors=(ValueError, KeyError), label="exception")

    @count
    def plain() -> None:
        raise ValueError

    @count
    async def coroutine() -> None:
        raise KeyError

    @count
    def other() -> None:
        raise TypeError

    @count
    async def stream() -> AsyncIterator[int]:
        yield 1
        raise ValueError

    async def drain() -> None:
        async for _ in stream():
            pass

    for call, kind in [(plain, ValueError), (lambda: asyncio.run(coroutine()), KeyError)]:
        with pytest.raises(kind):
            call()
    with pytest.raises(TypeError):
        other()
    with pytest.raises(ValueError, match=r"^$"):
        asyncio.run(drain())
    assert total(registry, "errors_total", exception="ValueError") == 2
    assert total(registry, "errors_total", exception="KeyError") == 1
    assert registry.get_sample_value("errors_total", {"exception": "TypeError"}) is None


def test_counted_refuses_a_label_without_errors(registry: CollectorRegistry) -> None:
    """A label that could never be filled is an error at definition."""
    with pytest.raises(ValueError, match="give errors= too"):
        counted(Counter("c", "c", registry=registry), label="exception")


def test_in_progress_falls_back_after_an_error(registry: CollectorRegistry) -> None:
    """The gauge shows a running call, and is back at 0 when the call has raised."""
    gauge, seen = Gauge("g", "g", registry=registry), []

    @in_progress(gauge)
    async def fail() -> None:
        seen.append(total(registry, "g"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        asyncio.run(fail())
    assert seen == [1.0]
    assert total(registry, "g") == 0


def test_methods_classmethods_and_staticmethods_are_measured(registry: CollectorRegistry) -> None:
    """The decorators work above and below @classmethod and @staticmethod, and on methods."""
    calls = Counter("calls", "c", registry=registry)

    class Model:
        @counted(calls)
        def method(self) -> str:
            return type(self).__name__

        @counted(calls)
        @classmethod
        def above(cls) -> str:
            return cls.__name__

        @classmethod
        @counted(calls)
        def below(cls) -> str:
            return cls.__name__

        @counted(calls)
        @staticmethod
        def static() -> str:
            return "Model"

    assert [Model().method(), Model.above(), Model.below(), Model.static()] == ["Model"] * 4
    assert total(registry, "calls_total") == 4


def test_observed_takes_a_number_from_the_result(registry: CollectorRegistry) -> None:
    """A function of the result is observed; of a generator, a function of each item."""
    histogram = Histogram("h", "h", registry=registry)

    @observed(histogram, value=len)
    async def words() -> list[str]:
        return ["a", "b"]

    @observed(histogram, value=len)
    def chunks() -> Iterator[str]:
        yield "abc"
        yield "d"

    asyncio.run(words())
    assert list(chunks()) == ["abc", "d"]
    assert total(registry, "h_sum") == 6
    assert total(registry, "h_count") == 3


def test_fastapi_injects_into_decorated_functions(registry: CollectorRegistry) -> None:
    """The signature is kept: FastAPI reads parameters and dependencies of decorated endpoints and generators."""
    calls, app = Counter("calls", "c", registry=registry), FastAPI()

    @counted(calls)
    async def session() -> AsyncIterator[str]:
        yield "session"

    async def greet(name: str, held: Annotated[str, Depends(session)]) -> dict[str, str]:
        return {"name": name, "held": held}

    greet.__annotations__["held"] = Annotated[str, Depends(session)]
    app.get("/greet")(counted(calls)(greet))
    with TestClient(app) as client:
        assert client.get("/greet", params={"name": "Ada"}).json() == {"name": "Ada", "held": "session"}
        assert client.get("/greet").status_code == 422
    assert total(registry, "calls_total") == 3


def test_something_that_cannot_be_called_is_refused(registry: CollectorRegistry) -> None:
    """A decorator above @property says where it belongs."""
    with pytest.raises(TypeError, match="put the decorator under @property"):
        counted(Counter("c", "c", registry=registry))(property(lambda self: 1))
