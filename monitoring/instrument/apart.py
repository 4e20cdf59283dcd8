"""What an instrumented app answers beside its own routes: health and /metrics. None of it is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from prometheus_client.registry import CollectorRegistry

from monitoring.beside import Section, beside
from monitoring.exposition import REFERENCE, Asked, page
from monitoring.instrument.processes import Shared
from monitoring.merge import Merged
from monitoring.metrics import Metrics

HEALTH = ("/healthz", "/livez", "/readyz")
Ready = Callable[[], str | None]


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


class Apart:
    """Health and metrics of one app."""

    def __init__(
        self, metrics: Metrics, metrics_path: str, health: bool, ready: Ready | None, shared: Shared | None = None
    ) -> None:
        self.registry: CollectorRegistry = metrics.registry
        self.shown = self.registry
        self._shared = shared
        if shared is not None:
            self.shown = CollectorRegistry(auto_describe=False)
            self.shown.register(Merged(shared.pages))
        self.metrics_path = metrics_path
        self._pages = {metrics_path, metrics_path + REFERENCE} if metrics_path else set()
        self.paths = frozenset([*(HEALTH if health else ()), *self._pages])
        self.state = "ready"
        self.end: Callable[[], None] = lambda: None
        """What is to be done once the app has stopped."""
        self._constant, self._ready = dict(metrics.constant), ready

    @property
    def reason(self) -> str | None:
        """Why requests are not welcome; None where they are."""
        if self.state != "ready":
            return f"the service is {self.state}"
        return self._ready() if self._ready is not None else None

    def answer(self, method: str, path: str, asked: Asked) -> Answer:
        """Answer one of the paths."""
        if method not in ("GET", "HEAD"):
            return self._json(405, {"error": _error("method_not_allowed", f"{method} {path} is not served", "use GET")})
        if path in self._pages:
            made = page(self.shown, asked, self._reference if self._shared is not None else None)
            return Answer(200, made.headers, made.content)
        if path == "/livez":
            return self._json(200, {"status": "alive"})
        reason = self.reason
        if path == "/readyz" and reason is not None:
            return self._json(503, {"error": _error("not_ready", reason, "ask again in a second")})
        return self._json(200, {"status": "ready" if reason is None else reason, **self._constant})

    def begin(self) -> None:
        """This process serves: where it is one of several, it takes part in what they share."""
        if self._shared is not None:
            self._shared.begin()

    def _reference(self, path: str) -> list[Section]:
        """What live traffic is compared with is the same in each process; what they count is in the sum."""
        shown = beside(self.registry)
        return shown.reference() if shown is not None and path.endswith(REFERENCE) else []

    def _json(self, status: int, document: dict[str, object]) -> Answer:
        return Answer(status, [("Content-Type", "application/json")], json.dumps(document).encode())


def _error(code: str, message: str, help: str) -> dict[str, str]:
    return {"code": code, "message": message, "help": help}
