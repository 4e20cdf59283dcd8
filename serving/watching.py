"""Which of a service's methods are watched, and by what: the reference of the model that they call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, get_origin

import numpy as np

from monitoring import Metrics
from monitoring.catalogue import SERVICE_LABELS, drift
from monitoring.drift import Watcher
from monitoring.drift.counts import Counts
from monitoring.drift.watched import Watched
from monitoring.reference import Reference, ReferenceInvalid, extractor
from serving import rows
from serving.answers import Outputs, Reader
from serving.errors import ServiceInvalid
from serving.methods import ModelRef
from serving.settings import Settings
from serving.signature import Signature
from serving.store import Model
from serving.store.model import ModelInfo
from serving.store.tag import Tag
from serving.types import JSON, NDArray

Watch = bool | str
"""What `watch=` takes: True, or the name of the model where a service uses several."""

log = logging.getLogger("serving.watching")


class Definition(Protocol):
    """What a service declares."""

    @property
    def runners(self) -> Sequence[Any]: ...
    @property
    def endpoints(self) -> Sequence[Any]: ...
    @property
    def models(self) -> Sequence[ModelRef]: ...


def check(where: str, watch: Watch, models: Sequence[ModelRef], streams: bool = False) -> str:
    """The name of the model by whose reference a method is watched; empty where it is not."""
    if watch is False:
        return ""
    names = sorted({Tag.parse(model.tag).name for model in models})
    if streams:
        raise ServiceInvalid(f"{where} yields and is watched", "watch the @batched method that it awaits")
    if watch is True and len(names) == 1:
        return names[0]
    if watch is True or watch not in names:
        held = f"the models {', '.join(names)}" if names else "no model"
        wanted = f"watch={watch!r}"
        raise ServiceInvalid(
            f"{where} has {wanted}, and the service uses {held}",
            f"write watch={names[0]!r}" if names else "declare the model: model = use('name:latest')",
        )
    return str(watch)


class Unwatched:
    """In place of a watcher where the model has no reference: what should be watched is counted as dropped."""

    def __init__(self, metrics: Metrics, info: ModelInfo) -> None:
        self._dropped = metrics.counter(drift.DROPPED, model=info.name, model_version=info.version)

    def observe(self, inputs: Any, outputs: Any = None) -> None:
        """Count the rows."""
        self._dropped.inc(len(inputs) if hasattr(inputs, "__len__") else 1)

    def close(self) -> None:
        """There is nothing to end."""


class Watching:
    """The watchers of one process: one for each model that is watched here."""

    def __init__(
        self,
        definition: Definition,
        metrics: Metrics,
        *,
        runners: bool = True,
        endpoints: bool = True,
        share: Callable[[Watched], Counts | None] | None = None,
    ) -> None:
        """`runners` and `endpoints` say which methods run in this process; `share` gives memory that others show."""
        self._metrics, self._share = metrics, share
        self._in_batches = frozenset(spec.name for spec in definition.runners if spec.watch)
        methods = [*(definition.runners if runners else ()), *(definition.endpoints if endpoints else ())]
        self._by_method: dict[str, str] = {method.name: method.watch for method in methods if method.watch}
        self._outputs = {method.name: method.outputs for method in methods if method.outputs is not None}
        self._readers: dict[str, Reader] = {}
        self._watchers: dict[str, Watcher | Unwatched] = {}

    def loaded(self, model: Model, settings: Settings | None = None) -> str:
        """Watch a model that was loaded, if any method here is watched by it; gives its reference's hash."""
        reference: Reference | None = getattr(model, "reference", None)
        if model.info.name in self._by_method.values() and model.info.name not in self._watchers:
            self._watchers[model.info.name] = watcher = self._begin(model.info, reference)
            if isinstance(watcher, Watcher) and settings is not None:
                watcher.sampler = rows.sampler(settings, model.info, extractor(watcher.reference))
            if reference is not None:
                self._readers.update(readers(self._outputs, self._by_method, model.info.name, reference))
        return reference.hash if reference is not None else ""

    def _begin(self, info: ModelInfo, reference: Reference | None) -> Watcher | Unwatched:
        methods = ", ".join(name for name, model in self._by_method.items() if model == info.name)
        if reference is None:
            log.warning(
                "%s is watched, but the model %s has no reference to compare with: nothing is counted\n"
                "help: servewatch reference learn DATA --model %s",
                methods, info.tag, info.tag,
            )  # fmt: skip
            return Unwatched(self._metrics, info)
        names = {"model": info.name, "model_version": info.version}
        counts = None
        if self._share is not None:
            counts = self._share(Watched({**self._metrics.constant, **names}, reference))
        if self._share is not None and counts is None:
            log.warning("%s is not watched: the memory for counts is full", methods)
            return Unwatched(self._metrics, info)
        try:
            service, version = (self._metrics.constant.get(name, "") for name in SERVICE_LABELS)
            return Watcher(
                reference,
                service=service,
                version=version,
                model=info.name,
                model_version=info.version,
                registry=self._metrics.registry,
                counts=counts,
            )
        except ReferenceInvalid as error:
            raise ServiceInvalid(
                f"the reference of the model {info.tag} cannot be watched: {error}",
                f"learn it again: servewatch reference learn DATA --model {info.tag}",
            ) from None

    def around(self, name: str, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A batched method that also hands over what it was given and what it answered; one not watched as it is."""
        watcher = self._watchers.get(self._by_method.get(name, ""))
        if watcher is None or name not in self._in_batches:
            return function
        observe, read = watcher.observe, self._readers.get(name)

        def watched(rows: Any) -> Any:
            answer = function(rows)
            observe(rows, answer if read is None else read(answer))
            return answer

        return watched

    def observe(self, name: str, signature: Signature, value: Any, answer: Any) -> None:
        """A request of an endpoint that is not batched: what it brought, and what was answered."""
        watcher = self._watchers.get(self._by_method.get(name, ""))
        if watcher is not None:
            alone, read = not has_rows(signature), self._readers.get(name)
            if read is not None:
                answer = read(answer, not alone)
            elif alone:
                answer = _row(answer)
            watcher.observe(_row(value) if alone else value, answer)

    def close(self) -> None:
        """Count what was handed over, and end."""
        for watcher in self._watchers.values():
            watcher.close()


def readers(
    outputs: Mapping[str, Outputs], models: Mapping[str, str], model: str, reference: Reference
) -> dict[str, Reader]:
    """What reads the answers of those methods of a model that say which part of them is watched."""
    return {name: Reader(part, reference, name) for name, part in outputs.items() if models.get(name) == model}


def has_rows(signature: Signature) -> bool:
    """Whether a request's value is rows, and not one thing alone."""
    wanted = signature.input
    if isinstance(wanted, NDArray):
        return wanted.rows
    return isinstance(wanted, JSON) and (get_origin(wanted.type) or wanted.type) is list


def _row(value: Any) -> Any:
    """One row, of one thing."""
    return value[None] if isinstance(value, np.ndarray) else [value]
