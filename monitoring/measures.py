"""What decorators put around a call: one closure for a plain call or a coroutine, a measure for generators.

The closures are written out, each for what it does: a decorated call costs little more than the bare operation.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self, cast

from monitoring.fitting import name, names
from monitoring.metrics import Incrementer, Level, Observer

Clock = Callable[[], float]
Raised = type[BaseException] | tuple[type[BaseException], ...]
Function = Callable[..., Any]
Child = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
OTHER = "other"
log = logging.getLogger("monitoring")


class Measuring:
    """One run of a generator, from its first step to its end. Those that look at something override it."""

    result: Any = None
    """What it returned; of one measure for all runs, nothing that is read."""

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(error)

    def begin(self) -> None:
        """It takes its first step."""

    def item(self, value: Any) -> None:
        """It yielded."""

    def end(self, error: BaseException | None) -> None:
        """It has ended, perhaps with an error: GeneratorExit where nobody wanted more."""


class Measure(Protocol):
    """What a decorator does around functions of each kind."""

    def call(self, function: Function) -> Function: ...
    def coroutine(self, function: Function) -> Function: ...
    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring: ...


def child(metric: Any, label: Callable[..., Any]) -> Child:
    """Choose a metric's child by a function of the result and the arguments; where that fails, `other`.

    A mistake in such a function is logged once, and breaks no call that it measures.
    """
    labels, told = metric.labels, False

    def choose(result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nonlocal told
        try:
            value = label(result, *args, **kwargs)
            if isinstance(value, dict):
                return labels(**value)
            return labels(*value) if isinstance(value, tuple) else labels(value)
        except Exception:
            if not told and not isinstance(result, BaseException):
                told = True
                log.exception(
                    "the label of %s cannot be told by %r: such calls are under %r", name(metric), label, OTHER
                )
            return labels(*[OTHER] * len(names(metric) or ()))

    return choose


def number(value: Callable[[Any], float]) -> Callable[[Any], float | None]:
    """Make a number of a result; None where that fails, which is logged once and breaks no call that is measured."""
    told = False

    def made(result: Any) -> float | None:
        nonlocal told
        try:
            return float(value(result))
        except Exception:
            if not told:
                told = True
                log.exception("no number can be made of a result by %r: such results are not observed", value)
            return None

    return made


def one(counter: Any) -> Callable[[], None]:
    """Count one, without the checks of amounts and exemplars, which one is not: the value itself is counted up.

    prometheus_client's counters have theirs in `_value`; whatever has none there is asked by its `inc`.
    """
    value: Any = getattr(getattr(counter, "parent", counter), "_value", None)
    return functools.partial(value.inc, 1) if hasattr(value, "inc") else cast(Callable[[], None], counter.inc)


class Timer:
    """Observes how long each call takes."""

    def __init__(self, histogram: Observer, clock: Clock) -> None:
        self.observe, self.clock = histogram.observe, clock

    def call(self, function: Function) -> Function:
        observe, clock = self.observe, self.clock

        def call(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                return function(*args, **kwargs)
            finally:
                observe(clock() - start)

        return call

    def coroutine(self, function: Function) -> Function:
        observe, clock = self.observe, self.clock

        async def call(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                return await function(*args, **kwargs)
            finally:
                observe(clock() - start)

        return call

    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring:
        return _Timing(self)


class _Timing(Measuring):
    def __init__(self, timer: Timer) -> None:
        self.timer = timer

    def begin(self) -> None:
        self.start = self.timer.clock()

    def end(self, error: BaseException | None) -> None:
        self.timer.observe(self.timer.clock() - self.start)


class Tracker(Measuring):
    """Shows how many calls run."""

    def __init__(self, gauge: Level) -> None:
        self.inc, self.dec = gauge.inc, gauge.dec

    def call(self, function: Function) -> Function:
        inc, dec = self.inc, self.dec

        def call(*args: Any, **kwargs: Any) -> Any:
            inc()
            try:
                return function(*args, **kwargs)
            finally:
                dec()

        return call

    def coroutine(self, function: Function) -> Function:
        inc, dec = self.inc, self.dec

        async def call(*args: Any, **kwargs: Any) -> Any:
            inc()
            try:
                return await function(*args, **kwargs)
            finally:
                dec()

        return call

    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring:
        return self

    def begin(self) -> None:
        self.inc()

    def end(self, error: BaseException | None) -> None:
        self.dec()


class Calls(Measuring):
    """Counts each call when it begins."""

    def __init__(self, counter: Incrementer) -> None:
        self.inc = one(counter)

    def call(self, function: Function) -> Function:
        inc = self.inc

        def call(*args: Any, **kwargs: Any) -> Any:
            inc()
            return function(*args, **kwargs)

        return call

    def coroutine(self, function: Function) -> Function:
        inc = self.inc

        async def call(*args: Any, **kwargs: Any) -> Any:
            inc()
            return await function(*args, **kwargs)

        return call

    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring:
        return self

    def begin(self) -> None:
        self.inc()


class Errors(Measuring):
    """Counts the calls that raised one of these, by what `count` makes of the error."""

    def __init__(self, raised: Raised, count: Callable[[BaseException, Any, Any], None]) -> None:
        self.raised, self.count = raised, count
        self.args: tuple[Any, ...] = ()
        self.kwargs: dict[str, Any] = {}

    def call(self, function: Function) -> Function:
        raised, count = self.raised, self.count

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except raised as error:
                count(error, args, kwargs)
                raise

        return call

    def coroutine(self, function: Function) -> Function:
        raised, count = self.raised, self.count

        async def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return await function(*args, **kwargs)
            except raised as error:
                count(error, args, kwargs)
                raise

        return call

    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring:
        measuring = Errors(self.raised, self.count)
        measuring.args, measuring.kwargs = args, kwargs
        return measuring

    def end(self, error: BaseException | None) -> None:
        if isinstance(error, self.raised) and not isinstance(error, GeneratorExit):
            self.count(error, self.args, self.kwargs)


class Results(Measuring):
    """Observes a number made of each result, on the one metric."""

    def __init__(self, metric: Observer, value: Callable[[Any], float]) -> None:
        self.metric, self.number = metric, number(value)

    def observe(self, result: Any) -> None:
        """Observe what the result says, if it says a number."""
        found = self.number(result)
        if found is not None:
            self.metric.observe(found)

    def call(self, function: Function) -> Function:
        observe = self.observe

        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            observe(result)
            return result

        return call

    def coroutine(self, function: Function) -> Function:
        observe = self.observe

        async def call(*args: Any, **kwargs: Any) -> Any:
            result = await function(*args, **kwargs)
            observe(result)
            return result

        return call

    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring:
        return self

    def item(self, value: Any) -> None:
        self.observe(value)
