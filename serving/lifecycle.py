"""From loading to draining: the service's instance, its runners, and whether it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, Protocol

from monitoring import Metrics
from monitoring.catalogue import models, requests
from serving.batcher import Batcher, Limits, Series
from serving.devices import Tuning
from serving.errors import NotReady, ServewatchError
from serving.faults import Faults
from serving.feedback import Desk
from serving.garbage import Garbage
from serving.runner import Runner
from serving.service import Batched, Definition, RunnerSpec
from serving.settings import Settings
from serving.store import Model, Store
from serving.streaming import pump
from serving.tracks import Tracks, open_tracks
from serving.vitals import Vitals
from serving.warmup import WarmUp
from serving.watching import Watching

State = Literal["starting", "ready", "draining", "failed", "stopped"]
LAG_INTERVAL = 0.25
log = logging.getLogger("serving")


class Serving(Protocol):
    """What runs a queue's batches, here or in another process."""

    name: str
    batch: bool

    @property
    def alive(self) -> bool: ...
    def close(self) -> None: ...


class Surroundings(Protocol):
    """What begins before the service is ready and ends with it."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...


class Queue(Protocol):
    """Where the app puts requests: a batcher, or the way to one in another process."""

    @property
    def runner(self) -> Serving: ...
    def full(self, coming: int = 0) -> bool: ...
    def submit(self, value: Any) -> asyncio.Future[Any]: ...
    def shed(self, rows: int) -> ServewatchError: ...
    def count_shed(self, requests: int) -> None: ...
    def sweep_soon(self) -> None: ...
    def drain(self) -> None: ...


class Lifecycle:
    """What one process of a service is doing."""

    has_models = True

    def __init__(
        self, definition: Definition, settings: Settings, metrics: Metrics, faults: Faults | None = None
    ) -> None:
        self.definition = definition
        self.settings = settings
        self.metrics = metrics
        self.faults = faults
        self.state: State = "starting"
        self.error: BaseException | None = None
        self.instance: Any = None
        self.batchers: dict[str, Queue] = {}
        self.models: list[Model] = []
        self.tracks: Tracks | None = None
        self._vitals = Vitals(metrics)
        self.garbage = Garbage()
        self.on_failure: Callable[[], None] = lambda: None
        self.on_ready: Callable[[], None] = lambda: None
        self.own: Surroundings | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._series = {spec.name: Series(metrics, spec.name) for spec in definition.runners}
        self._load_failures = metrics.counter(models.LOAD_FAILURES)
        self._warmup = WarmUp(definition, settings.warmup, Tuning.of(settings).rows)
        self.watching = self._watching()
        self.desk = Desk(definition, metrics, settings)

    def begin(self) -> None:
        """Load beside the event loop, which answers health checks meanwhile."""
        self._vitals.begin(self.has_models)
        self._tasks = [asyncio.create_task(self._start()), asyncio.create_task(self._watch_lag())]

    async def _start(self) -> None:
        try:
            self.tracks = open_tracks(self.definition, self.settings, self.metrics)
            self.instance = await self._make()
            for spec in self.definition.runners:
                self._start_runner(spec)
            await self._warm_up()
            if self.own is not None:
                await self.own.open()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # even SystemExit: it is for the process to end with, not for the event loop
            self.state, self.error = "failed", error
            self._load_failures.inc()
            self.on_failure()
            return
        if self.state == "starting":
            self.state = "ready"
            log.info("%s %s is ready", self.definition.name, self.definition.version)
            self.on_ready()

    async def _warm_up(self) -> None:
        """The first calls, which are slow, before anyone waits for them."""
        functions = {spec.name: self._function(spec) for spec in self.definition.runners}
        await self._warmup.run(self.instance, functions)

    async def _make(self) -> Any:
        """The instance, made on a thread that does not keep a process alive which is told to end meanwhile."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

        def tell(instance: Any, error: BaseException | None) -> None:
            if not done.done():
                done.set_result((instance, error))

        def work() -> None:
            instance, failure = None, None
            try:
                instance = self.definition.make(self._load)
            except BaseException as error:
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop is closed where the service was stopped meanwhile
                loop.call_soon_threadsafe(tell, instance, failure)

        threading.Thread(target=work, name="loading", daemon=True).start()
        instance, error = await done
        if error is not None:
            raise error
        return instance

    def _load(self, tag: str) -> Model:
        store = Store(self.settings.store)
        return self._loaded(store.load(tag, **self._options(self.settings.device)))

    def _options(self, device: str) -> dict[str, Any]:
        """How the settings want models to be loaded."""
        return {"device": device, "threads": self.settings.torch_threads, "tuning": Tuning.of(self.settings)}

    def _loaded(self, model: Model) -> Model:
        """Show it in the metrics and on /healthz, and watch it where it is to be watched."""
        info, reference = model.info, self.watching.loaded(model, self.settings)
        self.desk.loaded(model)
        self.metrics.gauge(
            models.INFO, model=info.name, model_version=info.version, framework=info.framework, reference=reference
        ).set(1)
        with contextlib.suppress(ValueError):  # a model with an odd date serves as well as any
            saved = datetime.fromisoformat(info.created).timestamp()
            self.metrics.gauge(models.SAVED, model=info.name, model_version=info.version).set(saved)
        self.models.append(model)
        return model

    def _watching(self) -> Watching:
        return Watching(self.definition, self.metrics)

    def _watched(self, spec: RunnerSpec) -> Callable[[Any], Any]:
        """What a runner calls, and what tells of it to who watches."""
        return self.watching.around(spec.name, self._function(spec))

    def _function(self, spec: RunnerSpec) -> Callable[[Any], Any]:
        """What a runner calls."""
        member = _member(self.instance, spec)
        if isinstance(member, Batched):
            function: Callable[[Any], Any] = functools.partial(member.function, self.instance)
        else:
            method = getattr(self.instance, spec.name)
            function = method if spec.batch else functools.partial(pump if spec.stream else _spread, method)
        return function if self.faults is None else self.faults.around(function)

    def _start_runner(self, spec: RunnerSpec) -> None:
        duration = self._series[spec.name].duration
        bounds = spec.batching
        function, begin = self._watched(spec), self._warmup.begin_of(spec)
        runner = Runner(spec.name, function, duration, batch=spec.batch, threads=bounds.threads, begin=begin)
        limits = Limits(bounds.max_rows, bounds.max_wait, self.settings.max_queue_rows)
        self.batchers[spec.name] = batcher = self._batcher(runner, limits)
        self._vitals.watch(spec.name, batcher, bounds.threads)
        if isinstance(_member(self.instance, spec), Batched):
            self.instance.__dict__[spec.name] = self.desk.noting(spec.name, batcher.submit)

    def _batcher(self, runner: Runner, limits: Limits) -> Batcher:
        return Batcher(runner, limits, self.metrics)

    async def reach(self) -> None:
        """Wait until requests can go to the runners: these are here."""

    @property
    def reason(self) -> str | None:
        """Why requests are not welcome; None where they are."""
        if self.state == "starting":
            calling = self._warmup.calling
            return f"the model is warming up: {calling}" if calling else "the model is loading"
        if self.state != "ready":
            return f"the service is {self.state}"
        down = [name for name, batcher in self.batchers.items() if not batcher.runner.alive]
        return f"runner {down[0]!r} is down" if down else None

    def admit(self) -> None:
        """Raise where no request can be served; while draining it still can."""
        if self.state not in ("ready", "draining") or self.instance is None:
            raise NotReady(self.reason or "the service has stopped", "GET /readyz tells when it is ready")

    def drain(self) -> None:
        """Say no to readiness checks; go on with what comes."""
        if self.state in ("starting", "ready"):
            self.state = "draining"
            log.info("%s drains", self.definition.name)
        for batcher in self.batchers.values():
            batcher.drain()

    async def end(self) -> None:
        """Stop the runners' threads and the tasks."""
        self.state = "stopped"
        self._vitals.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.own is not None:
            await self.own.close()
        for batcher in self.batchers.values():
            batcher.runner.close()
        await asyncio.get_running_loop().run_in_executor(None, self.watching.close)
        if self.tracks is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.tracks.close)

    async def first_labels(self, rows: list[int]) -> list[bool]:
        """For each of these rows whether no label of it came before; from here on one has."""
        return self.desk.memory.add(rows)

    async def _watch_lag(self) -> None:
        lag = self.metrics.histogram(requests.EVENT_LOOP_LAG)
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_INTERVAL
            await asyncio.sleep(LAG_INTERVAL)
            lag.observe(max(0.0, loop.time() - due))
            self.garbage.look()


def _member(instance: Any, spec: RunnerSpec) -> Any:
    return vars(type(instance)).get(spec.name) or getattr(type(instance), spec.name)


def _spread(method: Callable[..., Any], call: Any) -> Any:
    """A plain method's runner gets (value, query parameters)."""
    value, query = call
    return method(value, **query)
