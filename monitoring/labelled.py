"""The same measures with labels, which a function of each call's result and arguments tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitoring.measures import Child, Clock, Function, Measuring, number

Note = Callable[[Any, tuple[Any, ...], dict[str, Any], float], None]


class Noted:
    """Notes each call when it has ended: its result, or what it raised, its arguments, and the time that it took."""

    def __init__(self, note: Note, clock: Clock) -> None:
        self.note, self.clock = note, clock

    def call(self, function: Function) -> Function:
        note, clock = self.note, self.clock

        def call(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                note(error, args, kwargs, start)
                raise
            note(result, args, kwargs, start)
            return result

        return call

    def coroutine(self, function: Function) -> Function:
        note, clock = self.note, self.clock

        async def call(*args: Any, **kwargs: Any) -> Any:
            start = clock()
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                note(error, args, kwargs, start)
                raise
            note(result, args, kwargs, start)
            return result

        return call

    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring:
        return _Ending(self, args, kwargs)


class _Ending(Measuring):
    def __init__(self, noted: Noted, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.noted, self.args, self.kwargs = noted, args, kwargs

    def begin(self) -> None:
        self.start = self.noted.clock()

    def end(self, error: BaseException | None) -> None:
        self.noted.note(self.result if error is None else error, self.args, self.kwargs, self.start)


def nothing() -> float:
    """The clock of who takes no time."""
    return 0.0


def counting(choose: Child) -> Noted:
    """Count each call when it has ended."""

    def note(result: Any, args: tuple[Any, ...], kwargs: dict[str, Any], start: float) -> None:
        choose(result, args, kwargs).inc()

    return Noted(note, nothing)


def timing(choose: Child, clock: Clock) -> Noted:
    """Observe how long each call took."""

    def note(result: Any, args: tuple[Any, ...], kwargs: dict[str, Any], start: float) -> None:
        choose(result, args, kwargs).observe(clock() - start)

    return Noted(note, clock)


class Tracking:
    """Shows how many calls run; the result that the function gets is None, as there is none yet."""

    def __init__(self, choose: Child) -> None:
        self.choose = choose

    def call(self, function: Function) -> Function:
        choose = self.choose

        def call(*args: Any, **kwargs: Any) -> Any:
            gauge = choose(None, args, kwargs)
            gauge.inc()
            try:
                return function(*args, **kwargs)
            finally:
                gauge.dec()

        return call

    def coroutine(self, function: Function) -> Function:
        choose = self.choose

        async def call(*args: Any, **kwargs: Any) -> Any:
            gauge = choose(None, args, kwargs)
            gauge.inc()
            try:
                return await function(*args, **kwargs)
            finally:
                gauge.dec()

        return call

    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring:
        return _Tracked(self.choose(None, args, kwargs))


class _Tracked(Measuring):
    def __init__(self, gauge: Any) -> None:
        self.gauge = gauge

    def begin(self) -> None:
        self.gauge.inc()

    def end(self, error: BaseException | None) -> None:
        self.gauge.dec()


class Observing:
    """Observes a number made of each result; of a generator, of each item that it yields."""

    def __init__(self, choose: Child, value: Callable[[Any], float]) -> None:
        self.choose = choose
        self.number = number(value)

    def observe(self, result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Observe what the result says, if it says a number."""
        found = self.number(result)
        if found is not None:
            self.choose(result, args, kwargs).observe(found)

    def call(self, function: Function) -> Function:
        observe = self.observe

        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            observe(result, args, kwargs)
            return result

        return call

    def coroutine(self, function: Function) -> Function:
        observe = self.observe

        async def call(*args: Any, **kwargs: Any) -> Any:
            result = await function(*args, **kwargs)
            observe(result, args, kwargs)
            return result

        return call

    def generator(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Measuring:
        return _Items(self, args, kwargs)


class _Items(Measuring):
    def __init__(self, observing: Observing, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.observing, self.args, self.kwargs = observing, args, kwargs

    def item(self, value: Any) -> None:
        self.observing.observe(value, self.args, self.kwargs)
