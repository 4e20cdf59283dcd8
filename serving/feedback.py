"""Answers carry ids of their predictions, and POST /feedback takes the labels that come for them later."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import orjson

from monitoring import Metrics
from monitoring.catalogue import quality
from monitoring.quality import Feedback, Identifier, Memory, Receipt, Subject
from monitoring.reference import Reference, ReferenceInvalid
from serving.answers import Reader
from serving.errors import BodyTooLarge, InvalidInput, ServiceInvalid, SettingInvalid, UnfitInput
from serving.exchange import Head, Receive, Send, read_body
from serving.settings import PREFIX, Settings
from serving.store import Model
from serving.watching import Definition, readers

PATH = "/feedback"
HEADER = b"x-prediction-id"
MOST_BYTES = 1024 * 1024
MOST_LABELS = 10_000
PIECE = 50
"""Labels that are read at a time: between them, requests are served."""

NDJSON = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")
_SHAPE = 'send {"id": "...", "label": "..."}, a list of these, or one a line as application/x-ndjson'

log = logging.getLogger("serving.feedback")
Remember = Callable[[list[int]], Awaitable[list[bool]]]
Call = tuple[Identifier, Any, Reader | None]


class NoLabels(UnfitInput):
    """The service has no model whose predictions labels could confirm."""

    code = "no_labels"


class Desk:
    """What one process of a service does about labels: it identifies what was predicted, and counts what was right."""

    def __init__(self, definition: Definition, metrics: Metrics, settings: Settings) -> None:
        methods = [*definition.runners, *definition.endpoints]
        self._methods: dict[str, str] = {method.name: method.watch for method in methods if method.watch}
        self._outputs = {method.name: method.outputs for method in methods if method.outputs is not None}
        self._readers: dict[str, Reader] = {}
        self._metrics = metrics
        self._secret = secret(settings) if self._methods else b""
        self._days, self._minimum = settings.feedback_days, settings.accuracy_minimum
        self._calls: ContextVar[list[Call] | None] = ContextVar("calls", default=None)
        self._identifiers: dict[str, Identifier] = {}
        self._refused: list[str] = []
        self._feedback: Feedback | None = None

    def __bool__(self) -> bool:
        return bool(self._methods)

    def loaded(self, model: Model) -> None:
        """Identify the predictions of a model that was loaded, if it is watched and predicts classes."""
        name, reference = model.info.name, getattr(model, "reference", None)
        if name not in self._methods.values() or name in self._identifiers:
            return
        if not isinstance(reference, Reference):
            self._refused.append(f"the model {name!r} has no reference")
            return
        try:
            self._identifiers[name] = Identifier(Subject(name, model.info.version, reference), self._secret)
        except ReferenceInvalid as error:
            self._refused.append(str(error))
            return
        self._readers.update(readers(self._outputs, self._methods, name, reference))
        if self._minimum:
            whose = {"model": name, "model_version": model.info.version, "reference": reference.hash}
            self._metrics.gauge(quality.ACCURACY_MINIMUM, **whose).set(self._minimum)
        all_ids = [identifier.ids for identifier in self._identifiers.values()]
        self._feedback = Feedback(all_ids, self._metrics, self._days)

    def begin(self) -> list[Call]:
        """From here on, note the watched calls of the request that this task works on."""
        calls: list[Call] = []
        self._calls.set(calls)
        return calls

    def refuse_others(self, paths: Iterable[str]) -> None:
        """Raise where an endpoint of the service's own has the path that labels are sent to."""
        if PATH in paths:
            raise ServiceInvalid(
                f"the endpoint {PATH!r} collides with where the labels of a watched model are sent",
                "give it another path: @api(path='/...')",
            )

    def note(self, method: str, answer: Any, alone: bool = False) -> None:
        """Note what a watched method answered, or the future of it; `alone` says that it is no rows, but one thing."""
        identifier = self._identifiers.get(self._methods.get(method, ""))
        if identifier is not None and (calls := self._calls.get()) is not None:
            read = self._readers.get(method)
            if read is not None and not isinstance(answer, Future):
                answer, read = read(answer, not alone), None
            elif alone:
                answer = [answer]
            calls.append((identifier, answer, read))

    def noting(self, method: str, submit: Callable[[Any], Future[Any]]) -> Callable[[Any], Future[Any]]:
        """The same as `submit`, and each call is noted."""
        if self._methods.get(method, "") not in self._identifiers:
            return submit

        def noted(value: Any) -> Future[Any]:
            future = submit(value)
            self.note(method, future)
            return future

        return noted

    def headers(self, calls: list[Call]) -> tuple[tuple[bytes, bytes], ...]:
        """The header of an answer that these calls led to: an id for each model, of all its rows in their order."""
        answers: dict[Identifier, list[Any]] = {}
        for identifier, answer, read in calls:
            if isinstance(answer, Future):
                if not answer.done() or answer.cancelled() or answer.exception() is not None:
                    continue
                answer = answer.result()
            answers.setdefault(identifier, []).append(answer if read is None else read(answer))
        found = {one.ids.subject.model: one(*parts) for one, parts in answers.items()}
        if len(found) == 1:
            text = next(iter(found.values())) or ""
        else:
            text = ", ".join(f"{model}={said}" for model, said in found.items() if said)
        return ((HEADER, text.encode()),) if text else ()

    @property
    def memory(self) -> Memory:
        """Which rows were labelled already, as far as this process knows."""
        return self._book.memory

    async def take(self, items: list[Any], remember: Remember) -> Receipt:
        """Count labels; `remember` tells which are new."""
        book, whole = self._book, Receipt()
        for start in range(0, len(items), PIECE):
            found = book.read(items[start : start + PIECE], start)
            whole.add(book.count(found, await remember(found.keys) if found.keys else []))
            await asyncio.sleep(0)
        return whole

    @property
    def _book(self) -> Feedback:
        if self._feedback is None:
            why = "; ".join(self._refused) or "no model is watched"
            raise NoLabels(f"no label can be counted here: {why}", "labels are counted for watched models of classes")
        return self._feedback


def secret(settings: Settings) -> bytes:
    """What prediction ids are signed with; nothing where the settings name nothing."""
    if not settings.feedback_key_file:
        return settings.feedback_key.encode()
    variable = f"{PREFIX}FEEDBACK_KEY_FILE"
    if settings.feedback_key:
        raise SettingInvalid(variable, settings.feedback_key_file, f"accepted beside {PREFIX}FEEDBACK_KEY: give one")
    try:
        found = Path(settings.feedback_key_file).read_bytes().strip()
    except OSError as error:
        raise SettingInvalid(variable, settings.feedback_key_file, f"a file to read ({error.strerror})") from None
    if not found:
        raise SettingInvalid(variable, settings.feedback_key_file, "a file with a secret in it: it is empty")
    return found


class FeedbackRoute:
    """POST /feedback, as an ASGI app."""

    def __init__(self, desk: Desk, admit: Callable[[], None], remember: Remember) -> None:
        self._desk, self._admit, self._remember = desk, admit, remember

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Errors are raised, for the frame to answer."""
        self._admit()
        head = Head(scope)
        data = None if head.length > MOST_BYTES else await read_body(receive, MOST_BYTES, head.link)
        if data is None:
            raise BodyTooLarge(f"labels in over {MOST_BYTES} bytes", "send them in several requests")
        receipt = await self._desk.take(read_items(data, head.media), self._remember)
        content = orjson.dumps(receipt.plain())
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def describe() -> dict[str, Any]:
    """The route, as OpenAPI has it."""
    row = {
        "type": "integer",
        "minimum": 0,
        "description": "Of an answer of several rows, the one that this label is for",
    }
    label: dict[str, Any] = {"description": "The class's name or index; of several rows a list, null where not known"}
    one = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "description": "X-Prediction-Id of the answer"},
            "label": label,
            "row": row,
        },
        "required": ["id", "label"],
    }
    content = {
        "application/json": {"schema": {"oneOf": [one, {"type": "array", "items": one}]}},
        NDJSON[0]: {"schema": {"type": "string"}},
    }
    said = "What was counted, and what was not: unmatched, late, duplicate or invalid"
    return {
        PATH: {
            "post": {
                "tags": ["feedback"],
                "operationId": "feedback",
                "summary": "True labels for predictions of before",
                "requestBody": {"required": True, "content": content},
                "responses": {
                    "200": {"description": said, "content": {"application/json": {"schema": {"type": "object"}}}}
                },
            }
        }
    }


def read_items(data: bytes, media: str) -> list[Any]:
    """The labels of a request's body."""
    try:
        if media in NDJSON:
            items = [orjson.loads(line) for line in _few([line for line in data.splitlines() if line.strip()])]
        else:
            found = orjson.loads(data)
            items = _few(found if isinstance(found, list) else [found])
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"the labels are not JSON: {error}", _SHAPE) from None
    if not items:
        raise UnfitInput("there is no label", _SHAPE)
    return items


def _few(items: list[Any]) -> list[Any]:
    if len(items) > MOST_LABELS:
        raise BodyTooLarge(f"{len(items)} labels at once, at most {MOST_LABELS} are taken", "send several requests")
    return items
