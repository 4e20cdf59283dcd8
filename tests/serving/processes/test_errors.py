from __future__ import annotations

import threading

from serving.errors import QueueFull, ServewatchError, SettingInvalid, UnfitInput
from serving.processes.errors import pack_error, unpack_error


class Pricey(ServewatchError):
    """A user's error, with a status of its own."""

    status, code = 402, "pricey"


def test_an_error_of_ours_arrives_as_itself() -> None:
    """Class, message, help and what was set on it: `except QueueFull` works on the other side."""
    error = QueueFull("full", "later")
    error.headers = {"retry-after": "7"}
    came = unpack_error(pack_error(error))
    assert type(came) is QueueFull
    assert (came.body(), came.headers, came.status) == (error.body(), {"retry-after": "7"}, 503)


def test_a_class_that_is_made_with_other_arguments_arrives_too() -> None:
    """SettingInvalid keeps less in its args than it is called with."""
    error = SettingInvalid("SERVEWATCH_PORT", "x", "a number")
    came = unpack_error(pack_error(error))
    assert (type(came), str(came)) == (SettingInvalid, str(error))


def test_a_users_class_and_one_that_nobody_can_find_show_clients_the_same() -> None:
    """A class of a module arrives as itself; one within a function as an error that says the same."""

    class Local(UnfitInput):
        code = "local"

    for error in (Pricey("2 coins", "pay"), Local("no", "yes")):
        error.lock = threading.Lock() if isinstance(error, Local) else None  # type: ignore[attr-defined]
        came = unpack_error(pack_error(error))
        assert (came.body(), came.status, came.outcome) == (error.body(), error.status, error.outcome)


def test_another_error_is_a_runners_failure() -> None:
    """What is not ours is told by class and words."""
    came = unpack_error(pack_error(KeyError("x")))
    assert (came.status, came.code) == (500, "runner_failed")
    assert "KeyError" in came.message
