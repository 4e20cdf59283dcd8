"""Decorators that measure any function: plain, coroutine, generator, async generator, method, classmethod.

A measurement is a context manager; `_around` puts it around a call of whatever kind the function is and
keeps the function's kind and signature, so that frameworks which look at them see no difference.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncGenerator, Callable, Generator
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast

from monitoring.metrics import Incrementer, Level, Observer

F = TypeVar("F", bound=Callable[..., Any])
Clock = Callable[[], float]
Raised = type[BaseException] | tuple[type[BaseException], ...]


class _Measure(Protocol):
    def __enter__(self) -> Any: ...
    def result(self, value: Any) -> None: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class _Quiet:
    """A measure that looks neither at results nor at errors; the others override what they look at."""

    def __enter__(self) -> None: ...
    def result(self, value: Any) -> None: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class _Timer(_Quiet):
    def __init__(self, histogram: Observer, clock: Clock) -> None:
        self.histogram, self.clock = histogram, clock

    def __enter__(self) -> None:
        self.start = self.clock()

    def __exit__(self, *_: object) -> None:
        self.histogram.observe(self.clock() - self.start)


class _Tracker(_Quiet):
    def __init__(self, gauge: Level) -> None:
        self.gauge = gauge

    def __enter__(self) -> None:
        self.gauge.inc()

    def __exit__(self, *_: object) -> None:
        self.gauge.dec()


class _Calls(_Quiet):
    def __init__(self, counter: Incrementer) -> None:
        self.counter = counter

    def __enter__(self) -> None:
        self.counter.inc()


class _Errors(_Quiet):
    def __init__(self, counter: Any, raised: Raised, label: str | None) -> None:
        self.counter, self.raised, self.label = counter, raised, label

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or kind is GeneratorExit or not issubclass(kind, self.raised):
            return
        (self.counter.labels(**{self.label: kind.__name__}) if self.label else self.counter).inc()


class _Result(_Quiet):
    def __init__(self, metric: Observer, value: Callable[[Any], float]) -> None:
        self.metric, self.value = metric, value

    def result(self, value: Any) -> None:
        self.metric.observe(self.value(value))


def timed(histogram: Observer, *, clock: Clock = time.perf_counter) -> Callable[[F], F]:
    """Observe how long each call takes; of a generator, from its first step to its end."""
    return _decorator(lambda: _Timer(histogram, clock))


def counted(counter: Incrementer, *, errors: Raised | None = None, label: str | None = None) -> Callable[[F], F]:
    """Count each call; with `errors` each call that raised one of them, by class where `label` is given.

    >>> @counted(FAILURES, errors=Exception, label="exception")
    ... async def fetch(url: str) -> bytes: ...
    """
    if errors is None:
        if label is not None:
            raise ValueError(f"counted(label={label!r}) names the label of an exception's class: give errors= too")
        return _decorator(lambda: _Calls(counter))
    return _decorator(lambda: _Errors(counter, errors, label))


def in_progress(gauge: Level) -> Callable[[F], F]:
    """Show how many calls are being worked on."""
    return _decorator(lambda: _Tracker(gauge))


def observed(metric: Observer, value: Callable[[Any], float] = float) -> Callable[[F], F]:
    """Observe a number made of each result; of a generator, of each item that it yields."""
    return _decorator(lambda: _Result(metric, value))


def _decorator(measure: Callable[[], _Measure]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        if isinstance(function, classmethod | staticmethod):
            return cast(F, type(function)(_around(function.__func__, measure)))
        if not callable(function):
            raise TypeError(f"expected a function to measure, got {function!r}: put the decorator under @property")
        return cast(F, _around(function, measure))

    return decorate


def _around(function: Callable[..., Any], measure: Callable[[], _Measure]) -> Callable[..., Any]:
    """Choose the wrapper that is of the same kind as the function."""
    if inspect.isasyncgenfunction(function):
        wrapper = _around_async_generator(function, measure)
    elif inspect.isgeneratorfunction(function):
        wrapper = _around_generator(function, measure)
    elif inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        wrapper = _around_coroutine(function, measure)
    else:
        wrapper = _around_call(function, measure)
    return functools.update_wrapper(wrapper, function)


def _around_call(function: Callable[..., Any], measure: Callable[[], _Measure]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with (measuring := measure()):
            value = function(*args, **kwargs)
            measuring.result(value)
            return value

    return call


def _around_coroutine(function: Callable[..., Any], measure: Callable[[], _Measure]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with (measuring := measure()):
            value = await function(*args, **kwargs)
            measuring.result(value)
            return value

    return call


def _around_generator(function: Callable[..., Any], measure: Callable[[], _Measure]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with (measuring := measure()):
            return (yield from _tapped(function(*args, **kwargs), measuring))

    return call


def _tapped(inner: Generator[Any, Any, Any], measuring: _Measure) -> Generator[Any, Any, Any]:
    """Pass items, sent values and thrown errors through, showing each item to the measure."""
    step, argument = inner.send, None
    try:
        while True:
            try:
                item = step(argument)
            except StopIteration as end:
                return end.value
            measuring.result(item)
            try:
                step, argument = inner.send, (yield item)
            except GeneratorExit:
                raise
            except BaseException as error:
                step, argument = inner.throw, error
    finally:
        inner.close()


def _around_async_generator(function: Callable[..., Any], measure: Callable[[], _Measure]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        with (measuring := measure()):
            step, argument = inner.asend, None
            try:
                while True:
                    try:
                        item = await step(argument)
                    except StopAsyncIteration:
                        return
                    measuring.result(item)
                    try:
                        step, argument = inner.asend, (yield item)
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step, argument = inner.athrow, error
            finally:
                await inner.aclose()

    return call
