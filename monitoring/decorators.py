"""Decorators that measure any function: plain, coroutine, generator, async generator, method, classmethod.

`_around` puts a measure around a call of whatever kind the function is and keeps the function's kind and signature,
so that frameworks which look at them see no difference.

A `label` is a function of the call's result and its arguments (of a method, `self` is the first): it gives the value
of the metric's label, a tuple of several, or a dict of them by name. Of a call that raised, the error is the result;
of a generator, what it returned.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, Protocol, TypeVar, cast

from monitoring import fitting, labelled, measures
from monitoring.measures import Clock, Measure, Measuring, Raised
from monitoring.metrics import Incrementer, Level, Observer

F = TypeVar("F", bound=Callable[..., Any])
Label = Callable[..., Any]


class Labelled(Protocol):
    """A metric whose children are chosen by label."""

    def labels(self, *values: Any, **named: Any) -> Any: ...


def timed(
    histogram: Observer | Labelled, *, label: Label | None = None, clock: Clock = time.perf_counter
) -> Callable[[F], F]:
    """Observe how long each call takes; of a generator, from its first step to its end."""
    _fit("timed", histogram, label, "histogram", "summary")
    if label is not None:
        return _decorator(labelled.timing(measures.child(histogram, label), clock))
    return _decorator(measures.Timer(cast(Observer, histogram), clock))


def counted(
    counter: Incrementer | Labelled, *, errors: Raised | None = None, label: str | Label | None = None
) -> Callable[[F], F]:
    """Count each call; with `errors` each call that raised one of them, by class where `label` is a label's name.

    >>> @counted(FAILURES, errors=Exception, label="exception")
    ... async def fetch(url: str) -> bytes: ...
    >>> @counted(ORDERS, label=lambda result, order: order.kind)
    ... def take(order: Order) -> Receipt: ...
    """
    if errors is None:
        if isinstance(label, str):
            raise ValueError(f"counted(label={label!r}) names the label of an exception's class: give errors= too")
        _fit("counted", counter, label, "counter")
        if label is None:
            return _decorator(measures.Calls(cast(Incrementer, counter)))
        return _decorator(labelled.counting(measures.child(counter, label)))
    return _decorator(measures.Errors(errors, _errors(counter, label)))


def in_progress(gauge: Level | Labelled, *, label: Label | None = None) -> Callable[[F], F]:
    """Show how many calls are being worked on; a `label` gets None for the result, as there is none yet."""
    _fit("in_progress", gauge, label, "gauge")
    if label is not None:
        return _decorator(labelled.Tracking(measures.child(gauge, label)))
    return _decorator(measures.Tracker(cast(Level, gauge)))


def observed(
    metric: Observer | Labelled, value: Callable[[Any], float] = float, *, label: Label | None = None
) -> Callable[[F], F]:
    """Observe a number made of each result; of a generator, of each item that it yields."""
    _fit("observed", metric, label, "histogram", "summary")
    if label is not None:
        return _decorator(labelled.Observing(measures.child(metric, label), value))
    return _decorator(measures.Results(cast(Observer, metric), value))


def _fit(decorator: str, metric: Any, label: Label | None, *kinds: str) -> None:
    fitting.fit(decorator, metric, *kinds)
    fitting.labelled(decorator, metric, label is not None)


def _errors(counter: Any, label: str | Label | None) -> Callable[[BaseException, Any, Any], None]:
    fitting.fit("counted", counter, "counter")
    if isinstance(label, str):
        fitting.by_class(counter, label)
    else:
        fitting.labelled("counted", counter, label is not None)
    if label is None:
        return lambda error, args, kwargs: counter.inc()
    if isinstance(label, str):
        return lambda error, args, kwargs: counter.labels(**{label: type(error).__name__}).inc()
    choose = measures.child(counter, label)
    return lambda error, args, kwargs: choose(error, args, kwargs).inc()


def _decorator(measure: Measure) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        if isinstance(function, classmethod | staticmethod):
            return cast(F, type(function)(_around(function.__func__, measure)))
        if not callable(function):
            raise TypeError(f"expected a function to measure, got {function!r}: put the decorator under @property")
        if inspect.isclass(function):
            raise TypeError(f"expected a function to measure, got {function!r}: decorate its methods")
        return cast(F, _around(function, measure))

    return decorate


def _around(function: Callable[..., Any], measure: Measure) -> Callable[..., Any]:
    """Choose the wrapper that is of the same kind as the function."""
    if inspect.isasyncgenfunction(function):
        wrapper = _around_async_generator(function, measure)
    elif inspect.isgeneratorfunction(function):
        wrapper = _around_generator(function, measure)
    elif inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        wrapper = measure.coroutine(function)
    else:
        wrapper = measure.call(function)
    return functools.update_wrapper(wrapper, function)


def _around_generator(function: Callable[..., Any], measure: Measure) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with measure.generator(args, kwargs) as measuring:
            measuring.result = yield from _tapped(function(*args, **kwargs), measuring)
            return measuring.result

    return call


def _tapped(inner: Generator[Any, Any, Any], measuring: Measuring) -> Generator[Any, Any, Any]:
    """Pass items, sent values and thrown errors through, showing each item to the measure."""
    step, argument = inner.send, None
    try:
        while True:
            try:
                item = step(argument)
            except StopIteration as end:
                return end.value
            measuring.item(item)
            try:
                step, argument = inner.send, (yield item)
            except GeneratorExit:
                raise
            except BaseException as error:
                step, argument = inner.throw, error
    finally:
        inner.close()


def _around_async_generator(function: Callable[..., Any], measure: Measure) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        with measure.generator(args, kwargs) as measuring:
            step, argument = inner.asend, None
            try:
                while True:
                    try:
                        item = await step(argument)
                    except StopAsyncIteration:
                        return
                    measuring.item(item)
                    try:
                        step, argument = inner.asend, (yield item)
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step, argument = inner.athrow, error
            finally:
                await inner.aclose()

    return call
