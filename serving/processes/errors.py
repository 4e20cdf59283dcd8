"""What goes wrong between processes, and how an error of ours crosses from one to another."""

from __future__ import annotations

import pickle
from typing import Any

from serving.errors import Busy, RunnerFailed, ServewatchError


class RunnerDown(Busy):
    """The runner that had the request has died, or none lives that could take it."""

    code = "runner_down"


class ChildFailed(ServewatchError):
    """A worker or a runner cannot start."""

    code = "child_failed"


def pack_error(error: BaseException) -> bytes:
    """The error with its class and all that was set on it; of a class that cannot be found there, what clients see."""
    if not isinstance(error, ServewatchError):
        error = RunnerFailed(f"the runner failed: {type(error).__name__}: {error}", "the service's log has more")
    try:
        packed = pickle.dumps((type(error), error.args, error.__dict__))
        pickle.loads(packed)
    except Exception:  # a class within a function, an attribute that holds a lock: pickle raises what it likes
        shown = {"message": error.message, "help": error.help, "status": error.status, "code": error.code}
        shown |= {"outcome": error.outcome, "headers": dict(error.headers)}
        packed = pickle.dumps((ServewatchError, (error.message,), shown))
    return packed


def unpack_error(data: bytes | bytearray | memoryview) -> ServewatchError:
    """The error as it was raised in the other process."""
    cls, args, state = pickle.loads(data)
    error: Any = cls.__new__(cls, *args)  # not called: a class may take what it does not keep in its args
    error.args = args
    error.__dict__.update(state)
    made: ServewatchError = error
    return made
