"""The first calls: before a service is ready, each runner's method runs once on an example, and none of it counts."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any

import numpy as np
import PIL.Image

from serving.errors import RunnerFailed, ServewatchError
from serving.places import place_of
from serving.runner import check_rows
from serving.service import Batched, Definition, Endpoint, RunnerSpec
from serving.types import Body, Image, NDArray
from serving.types.ndarray import NPY
from serving.unwritten import Unwritten, hint, unwritten

OFF, MOST = "off", "max"
PICTURE = (64, 64)
_EXAMPLE = ". @api(example=...) or @batched(warmup=rows) gives it an input that fits, warmup=False none"
log = logging.getLogger("serving.warmup")


class LeftOut(Exception):
    """A warm-up call came to a method that is not to be called."""


def sizes(setting: str, most: int) -> tuple[int, ...]:
    """The numbers of rows that a setting like `1,max` names, for a method that takes at most so many."""
    if setting == OFF:
        return ()
    named = (most if part == MOST else int(part) for part in setting.split(","))
    return tuple(sorted({min(size, most) for size in named}))


def example_body(wanted: object) -> Body | None:
    """A request's body that an input of arrays or pictures takes; of others nothing can be guessed."""
    file = io.BytesIO()
    if isinstance(wanted, Image):
        PIL.Image.new("RGB", wanted.size or PICTURE).save(file, "PNG")
        return Body(file.getvalue(), "image/png")
    if isinstance(wanted, NDArray) and wanted.shape is not None:
        shape = tuple(size if isinstance(size, int) else 1 for size in wanted.shape)
        least = -np.inf if wanted.low is None else wanted.low
        value = min(max(0, least), np.inf if wanted.high is None else wanted.high)
        np.save(file, np.full(shape, value, wanted.dtype))
        return Body(file.getvalue(), NPY)
    return None


def example_of(endpoint: Endpoint) -> Any:
    """What the endpoint's method is called with; an example that its owner gave is taken as it is."""
    if endpoint.example is not None:
        return endpoint.example
    body = example_body(endpoint.signature.input)
    if body is None or endpoint.signature.stream is not None:
        raise LeftOut(f"no example can be guessed for {endpoint.path}: give it @api(example=...)")
    return endpoint.signature.input.decode(body)[0]


def repeated(rows: Any, size: int) -> Any:
    """So many rows, made of those that are given."""
    if isinstance(rows, np.ndarray):
        return np.resize(rows, (size, *rows.shape[1:]))
    return [rows[at % len(rows)] for at in range(size)]


class Stage:
    """A runner's threads before they serve: each does what it is told, for what belongs to a thread is made by it."""

    def __init__(self, threads: int) -> None:
        self._tasks: list[SimpleQueue[Callable[[], None] | None]] = [SimpleQueue() for _ in range(threads)]
        self._vacant = iter(self._tasks)
        self.rows: Any = None

    def begin(self) -> None:
        """On a thread: obey until it is time to serve."""
        tasks = next(self._vacant)
        while (task := tasks.get()) is not None:
            task()

    def release(self) -> None:
        """Let the threads serve."""
        for tasks in self._tasks:
            tasks.put(None)

    async def call(self, function: Callable[[Any], Any], argument: Any) -> Any:
        """Call it on each thread; the answer is the first thread's."""
        loop = asyncio.get_running_loop()
        answers = [self._hand_over(loop, tasks, function, argument) for tasks in self._tasks]
        return (await asyncio.gather(*answers))[0]

    def _hand_over(
        self, loop: asyncio.AbstractEventLoop, tasks: Any, function: Callable[[Any], Any], argument: Any
    ) -> asyncio.Future[Any]:
        answer = loop.create_future()

        def settle(result: Any, error: Exception | None) -> None:
            if not answer.done():
                answer.set_result(result) if error is None else answer.set_exception(error)

        def task() -> None:
            result, failure = None, None
            try:
                result = function(argument)
            except Exception as error:
                failure = error
            except BaseException as error:  # not even SystemExit may end the thread: requests would wait for ever
                failure = RuntimeError(f"{type(error).__name__}: {error}").with_traceback(error.__traceback__)
            with contextlib.suppress(RuntimeError):  # the service was stopped meanwhile
                loop.call_soon_threadsafe(settle, result, failure)

        tasks.put(task)
        return answer


class WarmUp:
    """The first calls of one process's runners."""

    def __init__(self, definition: Definition, setting: str, compiled: tuple[int, ...] = ()) -> None:
        self._definition = definition
        self._setting = setting
        self._compiled = compiled
        self.stages = {} if setting == OFF else {spec.name: Stage(spec.batching.threads) for spec in definition.runners}
        self.calling = ""
        self._worked = 0
        self._failed: list[str] = []

    def begin_of(self, spec: RunnerSpec) -> Callable[[], None] | None:
        """What the threads of a runner begin with."""
        return self.stages[spec.name].begin if spec.name in self.stages else None

    async def run(self, instance: Any, functions: Mapping[str, Callable[[Any], Any]]) -> None:
        """Call what the endpoints lead to, then each method with each number of rows; then let the threads serve."""
        if not self.stages:
            return
        began = time.perf_counter()
        try:
            with self._routed(instance, functions):
                for endpoint in self._definition.endpoints:
                    await self._try(endpoint.path, self._endpoint(endpoint, instance, functions))
            for spec in self._definition.runners:
                await self._sizes(spec, functions[spec.name])
        finally:
            for stage in self.stages.values():
                stage.release()
        self._tell(time.perf_counter() - began)

    def _tell(self, seconds: float) -> None:
        """How many calls worked, of those that were made."""
        if not self._failed:
            log.info("warmed up with %d calls in %.2f s", self._worked, seconds)
            return
        made = self._worked + len(self._failed)
        told = "warmed up with %d of %d calls in %.2f s: the first request of what failed may be slow, or fail: %s"
        log.warning(told, self._worked, made, seconds, ", ".join(self._failed))

    @contextlib.contextmanager
    def _routed(self, instance: Any, functions: Mapping[str, Callable[[Any], Any]]) -> Any:
        """Meanwhile the instance's @batched methods lead past the queues and their metrics."""
        usual = {
            spec.name: instance.__dict__[spec.name]
            for spec in self._definition.runners
            if isinstance(getattr(type(instance), spec.name), Batched)
        }
        for spec in self._definition.runners:
            if spec.name in usual:
                instance.__dict__[spec.name] = self._route(spec, functions[spec.name])
        try:
            yield
        finally:
            instance.__dict__.update(usual)

    def _route(self, spec: RunnerSpec, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        async def call(rows: Any) -> Any:
            if spec.batching.warmup is False:
                raise LeftOut(f"{spec.name!r} has warmup=False")
            return await self._call(spec, function, rows)

        return call

    async def _call(self, spec: RunnerSpec, function: Callable[[Any], Any], argument: Any) -> Any:
        stage = self.stages[spec.name]
        if spec.batch and stage.rows is None and len(argument):
            stage.rows = argument
        answer = await stage.call(function, argument)
        if spec.batch:
            check_rows(spec.name, argument, answer)
        return answer

    async def _try(self, what: str, call: Any) -> None:
        """A warm-up that fails is told, and the service starts all the same: it may be the example that is at fault."""
        self.calling = what
        try:
            await call
            self._worked += 1
        except LeftOut as error:
            log.debug("%s is not warmed up: %s", what, error)
        except Exception as error:
            self._failed.append(what)
            told = "the warm-up call of %s failed, and the service starts without it: %s%s"
            log.warning(told, what, _reason(error), "" if isinstance(error, RunnerFailed) else _EXAMPLE)
            log.debug("the warm-up call of %s failed here:", what, exc_info=error)

    async def _endpoint(self, endpoint: Endpoint, instance: Any, functions: Mapping[str, Callable[[Any], Any]]) -> None:
        """The way of a request, from its decoded value to its encoded answer."""
        if not endpoint.warmup or not endpoint.queues:
            raise LeftOut(f"{endpoint.path} has warmup=False or leads to no runner")
        if lacking := [parameter.name for parameter in endpoint.signature.query if parameter.required]:
            raise LeftOut(f"{endpoint.path} needs {lacking[0]!r} in the query")
        value = await asyncio.to_thread(example_of, endpoint)
        if endpoint.signature.stream is not None:
            await self._first_item(endpoint, instance, value)
            return
        if endpoint.runner is None:
            answer = await getattr(instance, endpoint.name)(value)
        else:
            spec = next(spec for spec in self._definition.runners if spec.name == endpoint.runner)
            answer = await self._call(spec, functions[spec.name], value if spec.batch else (value, {}))
        try:
            endpoint.signature.output.encode(answer, "")
        except Exception as error:
            raise unwritten(endpoint, answer, error) from error

    async def _first_item(self, endpoint: Endpoint, instance: Any, value: Any) -> None:
        method = getattr(instance, endpoint.name)
        if endpoint.runner is None:
            async with contextlib.aclosing(method(value)) as items:
                await anext(items, None)
            return

        def first(value: Any) -> None:
            with contextlib.closing(method(value)) as items:
                next(items, None)

        await self.stages[endpoint.runner].call(first, value)

    async def _sizes(self, spec: RunnerSpec, function: Callable[[Any], Any]) -> None:
        """As few and as many rows as requests will bring."""
        given = spec.batching.warmup
        rows = self.stages[spec.name].rows if given is True else given
        if not spec.batch or given is False or rows is None:
            return
        named = {*sizes(self._setting, most := spec.batching.max_rows), *(n for n in self._compiled if n <= most)}
        for size in sorted(named):
            if given is not True or size != len(rows):
                await self._try(f"{spec.name!r} with {size} rows", self._repeat(spec, function, rows, size))

    async def _repeat(self, spec: RunnerSpec, function: Callable[[Any], Any], rows: Any, size: int) -> None:
        await self._call(spec, function, repeated(rows, size))


def _reason(error: Exception) -> str:
    """In one line, with the place in the user's code where that is known."""
    if isinstance(error, Unwritten):
        return f"{error.message}: {error.reason}"
    said = error.message if isinstance(error, ServewatchError) else f"{type(error).__name__}: {error}"
    return place_of(error) + " ".join(said.split()) + hint(error)


def decode_examples(definition: Definition) -> None:
    """In a process that has no models: what reading a request needs is loaded with the first one that is read."""
    for endpoint in definition.endpoints:
        with contextlib.suppress(Exception):
            example_of(endpoint)
