"""What every child of the master begins and ends with."""

from __future__ import annotations

import os
import socket
import traceback
from dataclasses import dataclass
from typing import Literal

from prometheus_client import REGISTRY, disable_created_metrics

from serving.errors import ServewatchError
from serving.loading import load_service
from serving.processes.control import Control
from serving.processes.errors import pack_error
from serving.processes.leash import leave_signals_to_the_master, tie
from serving.processes.runner import run_runner
from serving.processes.shelf import Handle, Share
from serving.processes.worker import run_worker
from serving.server import configure_logging
from serving.service import definition
from serving.settings import Settings

Role = Literal["worker", "runner"]


@dataclass(frozen=True, slots=True)
class Place:
    """Which child of which master this is."""

    role: Role
    index: int
    target: str
    settings: Settings
    master: int
    herald: bool
    """It answers before it is ready; other workers let nobody in until they are."""

    @property
    def rows(self) -> int:
        """How many places the master has."""
        return max(1, self.settings.runners) + self.settings.workers

    @property
    def row(self) -> int:
        """Which of them this is."""
        return self.index if self.role == "runner" else max(1, self.settings.runners) + self.index


def main(
    place: Place, control_end: socket.socket, door: socket.socket, listening: socket.socket | None, shelf: Handle
) -> None:
    """A child's whole life."""
    tie(place.master)
    leave_signals_to_the_master()
    configure_logging(place.settings.log_level, place.settings.log_format)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    control = Control(control_end, REGISTRY)
    control.start()
    share = Share(control, shelf, place.rows, place.row)
    try:
        service = load_service(place.target)
        declared = definition(service)
        control.send("serves", declared.name, declared.version, declared.slos)
        if listening is not None:
            run_worker(service, place.settings, control, door, listening, share, herald=place.herald)
        else:
            run_runner(service, place.settings, control, door, place.index, share)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
        control.send("failed", None, "" if isinstance(error.code, int | None) else str(error.code), code)
    except ServewatchError as error:
        control.send("failed", pack_error(error), "", 1)
    except BaseException:
        control.send("failed", None, traceback.format_exc(), 1)
    control.send_counts()
    os._exit(0)  # what the user's threads still do must not hold the process
