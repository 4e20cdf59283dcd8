"""Every error that we raise on purpose, with its HTTP status, its code for programs and its `outcome`."""

from __future__ import annotations

from typing import Any


class ServewatchError(Exception):
    """Something failed: the message says what, with the value; `help` says what to do next."""

    status = 500
    code = "internal"
    outcome = "error"
    headers: dict[str, str] = {}

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return f"{self.message}\nhelp: {self.help}" if self.help else self.message

    def body(self) -> dict[str, Any]:
        """The JSON that a client gets."""
        return {"error": {"code": self.code, "message": self.message, "help": self.help}}


class SettingInvalid(ServewatchError):
    """An environment variable, or a flag, holds what its option does not take."""

    code = "setting_invalid"

    def __init__(self, variable: str, value: str, accepted: str) -> None:
        flag = variable.startswith("--")
        super().__init__(
            f"{variable} is {value!r}, which is not {accepted}",
            f"give another {variable}" if flag else f"export {variable}=... or unset {variable}",
        )


class ServiceInvalid(ServewatchError):
    """A service class is declared in a way that cannot be served."""

    code = "service_invalid"


class InvalidInput(ServewatchError):
    """The request cannot be read: its syntax is wrong."""

    status = 400
    code = "invalid_input"
    outcome = "invalid"


class UnfitInput(InvalidInput):
    """The request reads well, but it is not what the endpoint takes."""

    status = 422
    code = "unfit_input"


class BodyTooLarge(InvalidInput):
    """The body is larger than the service takes."""

    status = 413
    code = "body_too_large"
    headers = {"connection": "close"}


class BodyLate(InvalidInput):
    """The body did not come in time."""

    status = 408
    code = "body_late"
    headers = {"connection": "close"}


class HeadTooLarge(InvalidInput):
    """The request's line and headers are larger than any that we read."""

    status = 431
    code = "head_too_large"


class UnsupportedMedia(InvalidInput):
    """The content type is not one that the endpoint reads."""

    status = 415
    code = "unsupported_media"


class NotFound(InvalidInput):
    """No such route."""

    status = 404
    code = "not_found"


class MethodNotAllowed(InvalidInput):
    """The route is there, but not for this HTTP method."""

    status = 405
    code = "method_not_allowed"
    headers = {"allow": "POST"}


class ClientGone(ServewatchError):
    """The client left before its answer was ready."""

    status = 499
    code = "client_gone"
    outcome = "cancelled"


class DeadlinePassed(ServewatchError):
    """The request's deadline passed before its answer was ready."""

    status = 504
    code = "deadline"
    outcome = "expired"


class Busy(ServewatchError):
    """The service could not take the request now; later it can."""

    status = 503
    code = "busy"
    outcome = "shed"
    headers = {"retry-after": "1"}


class QueueFull(Busy):
    """As many rows wait for the runner as may wait."""

    code = "queue_full"


class NotReady(Busy):
    """The service is starting, draining, or a runner is down."""

    code = "not_ready"


class RunnerFailed(ServewatchError):
    """The user's code raised, or answered what cannot be split into the batch's requests."""

    code = "runner_failed"


class StoreError(ServewatchError):
    """The model store does not hold what was asked, or holds it damaged."""

    code = "store"


class ModelNotFound(StoreError):
    """No model of that name or version is in the store."""

    code = "model_not_found"


class ModelDamaged(StoreError):
    """A file of the model is not the one that was saved."""

    code = "model_damaged"
