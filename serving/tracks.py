"""What is noted of a request on its way: its trace, and what the logs say of it. Where nobody asks, nothing is.

A request's track is the current one (`track_now`) while it is worked on, here and in the runner's process.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

from monitoring import Metrics
from monitoring.instrument.asgi import FASTAPI, TRACED
from monitoring.tracing import TracingInvalid, TracingUnavailable, active, setup
from serving.errors import ServewatchError
from serving.exchange import Head
from serving.logs import AccessLog
from serving.service import Definition
from serving.settings import Settings

if TYPE_CHECKING:
    from monitoring.tracing.tracer import Request, Tracing
    from serving.runner import Job

_now: ContextVar[Track | None] = ContextVar("track", default=None)
track_now = _now.get
"""The track of the request that is worked on; None where none is kept."""

_NOTHING: AbstractContextManager[object] = nullcontext()
FLUSH = 2.0


class TracingFailed(ServewatchError):
    """Tracing was asked for and cannot be begun."""

    code = "tracing_failed"


class Notes:
    """What the access log tells of a request's way through the queue."""

    __slots__ = ("batch_rows", "queue_seconds", "rows")

    def __init__(self) -> None:
        self.rows = self.batch_rows = 0
        self.queue_seconds: float | None = None


class Track:
    """Where one request is on its way, or one batch of several."""

    __slots__ = ("context", "crosses", "kept", "notes", "request_ids", "sampled", "trace_id", "tracing")

    def __init__(
        self,
        tracing: Tracing | None,
        request_ids: tuple[str, ...],
        context: Any = None,
        sampled: bool = False,
        trace_id: str | None = None,
        notes: Notes | None = None,
        crosses: bool = False,
    ) -> None:
        self.tracing, self.request_ids = tracing, request_ids
        self.context, self.sampled, self.trace_id = context, sampled, trace_id
        self.notes, self.crosses = notes, crosses
        self.kept = True

    def step(self) -> Track:
        """The same, where the user's own spans have led to meanwhile."""
        if self.tracing is None or not self.sampled:
            return self
        context = self.tracing.current()
        return Track(self.tracing, self.request_ids, context, True, self.trace_id, self.notes, self.crosses)

    def queued(self, runner: str, rows: int, seconds: float, batch_rows: int) -> None:
        """Its rows leave a runner's queue, in which they were for so long, in a batch of so many."""
        if self.notes is not None:
            self.notes.rows += rows
            self.notes.batch_rows = max(self.notes.batch_rows, batch_rows)
            self.notes.queue_seconds = max(self.notes.queue_seconds or 0.0, seconds)
        if self.tracing is not None and self.sampled:
            self.tracing.record(f"queue {runner}", self.context, seconds, {"servewatch.runner": runner})

    def pack(self) -> bytes:
        """What goes along with the request to another process; nothing where that needs to know nothing."""
        if not self.crosses:
            return b""
        headers = self.tracing.outgoing(self.step().context) if self.tracing is not None else {}
        return marshal.dumps((self.request_ids, self.sampled, self.trace_id, headers))


class OpenTrack(Track):
    """The track of a request that the app answers."""

    __slots__ = ("_endpoint", "_head", "_log", "_request", "_token")

    def __init__(self, head: Head, endpoint: str, request: Request | None, tracks: Tracks) -> None:
        self._head, self._endpoint, self._request, self._log = head, endpoint, request, tracks.access
        self.tracing, self.context, self.sampled, self.crosses = tracks.tracing, None, False, tracks.named
        self.trace_id = head.trace_id
        if request is not None:
            self.context, self.sampled, self.trace_id = request.context, request.sampled, request.trace_id
            self.crosses = self.crosses or request.sampled or request.given
        self.kept = tracks.told or self.sampled
        self.request_ids = (head.request_id.decode(),) if self.kept else ()
        self.notes = Notes() if self._log is not None else None
        self._token: Token[Track | None] = _now.set(self)

    @property
    def span(self) -> Any:
        """Its span; None where it is not traced."""
        return None if self._request is None else self._request.span

    def fail(self, error: BaseException) -> None:
        """Note an error that was met."""
        if self._request is not None:
            self._request.fail(error)

    def end(self, code: int, seconds: float) -> None:
        """It was answered with this code, after so long."""
        _now.reset(self._token)
        if self._request is not None:
            self._request.end(code)
        if self._log is not None:
            self._log.tell(self.request_ids[0], self.trace_id, self._endpoint, code, seconds, self.notes)


class Skipped:
    """In place of a track: this request is not traced, and nobody asks for anything else."""

    __slots__ = ("_leave",)
    span = None

    def __init__(self, tracing: Tracing) -> None:
        self._leave = tracing.skip()

    def fail(self, error: BaseException) -> None:
        """Nothing is noted."""

    def end(self, code: int, seconds: float) -> None:
        """It was answered."""
        self._leave()


class Tracks:
    """Keeps the tracks of one process's requests."""

    def __init__(self, tracing: Tracing | None, access: AccessLog | None = None, named: bool = False) -> None:
        self.tracing, self.access, self.named = tracing, access, named
        self.told = access is not None or named

    def begin(self, head: Head, name: str, endpoint: str) -> None:
        """Open the track of a request that came in, unless there is nothing to keep."""
        tracing, request = self.tracing, None
        if tracing is not None:
            if head.parent is not None or tracing.chosen():
                request = self._start(tracing, head, name, endpoint)
            elif not self.told:
                head.track = Skipped(tracing)
                return
            else:
                request = tracing.unsampled()
        head.track = OpenTrack(head, endpoint, request, self)

    def route(self, head: Head, scope: MutableMapping[str, Any], template: str) -> None:
        """Open the track of a request for a route of the user's own; with no template it has none.

        An app that traces by itself, or is instrumented, makes no second span of it.
        """
        if template:
            self.begin(head, f"{scope['method']} {template}", template)
        if self.tracing is not None:
            scope.update({FASTAPI: None, TRACED: head.track and head.track.span})

    @staticmethod
    def _start(tracing: Tracing, head: Head, name: str, endpoint: str) -> Request:
        """An exemplar shows a trace only where it is kept: its span has what one looks for who comes from there."""
        request = tracing.begin(name, head.parent, head.tracestate)
        if request.sampled:
            head.trace_id = request.trace_id
            method, _, path = name.partition(" ")
            request.set(
                {
                    "http.request.method": method,
                    "http.route": path,
                    "servewatch.endpoint": endpoint,
                    "servewatch.request_id": head.request_id.decode(),
                }
            )
        return request

    def tell(self, head: Head, endpoint: str, code: int, seconds: float) -> None:
        """Log a request that needs no track: it went nowhere."""
        if self.access is not None:
            self.access.tell(head.request_id.decode(), head.trace_id, endpoint, code, seconds, None)

    @contextmanager
    def resumed(self, packed: bytes) -> Iterator[None]:
        """What is done within is done for a request that came from another process."""
        ids, sampled, trace_id, headers = marshal.loads(packed)
        context = None if self.tracing is None else self.tracing.resume(**headers)
        track = Track(self.tracing, ids, context, sampled, trace_id)
        token = _now.set(track)
        leave = None if self.tracing is None else self.tracing.enter(track.context)
        try:
            yield
        finally:
            _now.reset(token)
            if leave is not None:
                leave()

    def close(self) -> None:
        """Send what is left of the traces; this may take a moment."""
        if self.tracing is not None:
            self.tracing.close(FLUSH)


def open_tracks(definition: Definition, settings: Settings, metrics: Metrics) -> Tracks | None:
    """As the settings have it; None where they ask for neither traces nor logs of requests."""
    access, named = settings.access_log == "json", settings.log_format == "json"
    tracing = open_tracing(definition.name, definition.version, settings, metrics)
    if tracing is None and not access and not named:
        return None
    return Tracks(tracing, AccessLog() if access else None, named)


def open_tracing(name: str, version: str, settings: Settings, metrics: Metrics | None = None) -> Tracing | None:
    """Traces as the settings have them; None where they ask for none."""
    if not settings.trace_endpoint:
        return None
    sample = settings.trace_sample
    try:
        return setup(name, version, endpoint=settings.trace_endpoint, sample=sample, metrics=metrics)
    except TracingInvalid as error:
        raise TracingFailed(str(error), "SERVEWATCH_TRACE_ENDPOINT sets it; empty, it turns tracing off") from None
    except TracingUnavailable as error:
        what, _, install = str(error).partition(": ")
        raise TracingFailed(what, install) from None


def begin_thread() -> None:
    """On a runner's new thread: what it does for requests that are not traced is not traced."""
    if (tracing := active()) is not None:
        tracing.skip()


def step_now(batch: bool) -> Track | None:
    """For a job that is queued now. In a batch of many, what only one of them passes on has no meaning."""
    track = _now.get()
    return None if track is None or (batch and not track.kept) else track.step()


def note_now(rows: int, batch: bool) -> bytes:
    """For a request of so many rows that is sent to another process now."""
    track = _now.get()
    if track is None or (batch and not track.kept):
        return b""
    if track.notes is not None:
        track.notes.rows += rows
    return track.pack()


def around(runner: str, jobs: Sequence[Job]) -> AbstractContextManager[object]:
    """What a runner does within is done for these jobs."""
    kept = [job.track for job in jobs if job.track is not None]
    return _Around(runner, kept, sum(job.rows for job in jobs)) if kept else _NOTHING


@contextmanager
def about(track: Track | None) -> Iterator[None]:
    """What is logged within is about this request."""
    token = _now.set(track)
    try:
        yield
    finally:
        _now.reset(token)


class _Around:
    """On a runner's thread: the batch's span, and whose requests the user's log lines are about."""

    def __init__(self, runner: str, tracks: Sequence[Track], rows: int) -> None:
        self._runner, self._tracks, self._rows = runner, tracks, rows

    def __enter__(self) -> None:
        first = self._tracks[0]
        self._leave: Callable[[], None] | None = None
        self._batch = None
        traced = [track for track in self._tracks if track.sampled]
        ids = tuple(name for track in self._tracks for name in track.request_ids)
        context, shown = first.context, (traced or self._tracks)[0]
        if traced and first.tracing is not None:
            attributes = {
                "servewatch.runner": self._runner,
                "servewatch.batch.rows": self._rows,
                "servewatch.batch.requests": len(self._tracks),
            }
            contexts = [track.context for track in traced]
            self._batch = first.tracing.batch(f"predict {self._runner}", contexts, attributes)
            context = first.tracing.current()
        elif first.tracing is not None:
            self._leave = first.tracing.enter(context)
        self._token = _now.set(Track(first.tracing, ids, context, bool(traced), shown.trace_id))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        _now.reset(self._token)
        if self._batch is not None:
            self._batch.end(error)
        if self._leave is not None:
            self._leave()
