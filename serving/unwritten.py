"""Answers that cannot be written, and errors of what nobody awaited: what is said of them."""

from __future__ import annotations

import inspect
import re
from typing import Any

from monitoring.articles import a
from serving.errors import RunnerFailed, ServewatchError
from serving.service import Endpoint

_AWAITABLE = re.compile(r"\b(Future|Task|coroutine)\b")
_TOLD_BY = (TypeError, AttributeError, ValueError)


class Unwritten(RunnerFailed):
    """What an endpoint answered is nothing that its answers can be."""

    code = "unwritten"

    def __init__(self, message: str, help: str, reason: str) -> None:
        super().__init__(message, help)
        self.reason = reason


def unwritten(endpoint: Endpoint, answer: Any, error: Exception) -> ServewatchError:
    """What is said of an answer whose encoding failed; the reason is for the log alone, for it may quote the answer."""
    if isinstance(error, ServewatchError):
        return error
    kind = type(answer).__name__
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()  # else the interpreter complains of it, some time later and somewhere else
        told = "a plain def cannot await it: make it an async def, and await what it calls"
        if endpoint.runner is None:
            told = f"did it forget `await {f'self.{endpoint.queues[0]}(...)' if endpoint.queues else '...'}`?"
        return Unwritten(f"{endpoint.path} returned {a(kind)}", told, told)
    media = next(iter(endpoint.signature.answers()))
    return Unwritten(
        f"{endpoint.path} answered {a(kind)} that cannot be written as {media}",
        "the service's log has the reason",
        f"{type(error).__name__}: {error.__cause__ or error}{hint(error)}",
    )


def hint(error: BaseException) -> str:
    """Words to add about an error of what was not awaited, or was called as nothing of ours is; none about others."""
    if not isinstance(error, _TOLD_BY):
        return ""
    if "Batcher.submit()" in str(error):
        return " (a @batched method is called with the rows alone, and without their name)"
    found = _AWAITABLE.search(f"{error} {error.__cause__ or ''}")
    return f" (a {found[1]} is not what it gives: was `await` forgotten before a @batched method?)" if found else ""
