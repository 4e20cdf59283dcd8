"""What a native stack needs before its first process starts: the service's name, a model, Alertmanager's text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alerts import alertmanager
from alerts.objectives import FILE
from servewatch.stack.describe import REFUSED
from servewatch.stack.errors import ObjectivesWrong, StackError
from servewatch.stack.mode import Options
from servewatch.stack.program import LEASH
from servewatch.stack.wake import Wake
from serving.errors import ServewatchError, ServiceInvalid
from serving.settings import inherited_environment
from serving.store import Store

MODEL = "fashion_mnist"
TRAINING = "examples.fashion.train"


@dataclass(frozen=True, slots=True)
class Described:
    """What a service's own module says of it."""

    name: str
    owner: str = ""
    doubts: Sequence[str] = ()
    """What is odd about its objectives."""


def described(service: str, home: Path, own: Path | None = None) -> Described:
    """The name under which a service is measured, its owner and more; raises where it cannot be imported.

    What is generated of the metrics that it declares goes into the folder `own`, as it is imported but once.
    """
    if not re.fullmatch(r"[\w.]+:\w+", service):
        raise ServiceInvalid(f"service {service!r} is not MODULE:NAME", "for example examples.fashion.service:Fashion")
    answer = subprocess.run(
        [sys.executable, "-m", "servewatch.stack.describe", service, *([str(own)] if own else [])],
        env={**inherited_environment(), "SERVEWATCH_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    if answer.returncode == REFUSED:
        raise _refused(service, _last(answer.stdout))
    if answer.returncode != 0:
        why = (answer.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise ServiceInvalid(
            f"service {service!r} cannot be used: {why}",
            f"`python -c 'import {service.partition(':')[0]}'` in this folder shows more; --service takes MODULE:NAME",
        )
    said = _last(answer.stdout)
    return Described(said["name"], said["owner"], tuple(said["doubts"]))


def _refused(service: str, said: dict[str, str]) -> ServewatchError:
    if "objectives" in said:
        return ObjectivesWrong(
            f"the objectives of {service!r} cannot be kept: {said['objectives']}",
            f"change slos= of the service, or {FILE} in {Path.cwd()}",
        )
    return ServiceInvalid(f"service {service!r} cannot be used: {said['message']}", said["help"])


def _last(said: str) -> Any:
    return json.loads(said.strip().splitlines()[-1])


def train_if_missing(home: Path, say: Callable[[str], None], wake: Wake) -> None:
    """Train the demo model where the store has none, or give it the reference it lacks, and show how that goes."""
    store = Store(home / "models")
    if not store.list(MODEL):
        say(f"no model {MODEL!r} in {store.folder}: training it (under a minute, once)")
        _train(home, wake)
    elif store.reference(MODEL) is None:
        say(f"model {MODEL!r} has no reference, and drift cannot be seen without one: learning it (once)")
        try:
            _train(home, wake, "--reference-only")
        except StackError as error:
            say(f"it is served unwatched: {error.message}")


def _train(home: Path, wake: Wake, *arguments: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), sys.executable, "-m", TRAINING, *arguments],
        env={**inherited_environment(), "SERVEWATCH_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
    )
    while child.poll() is None and not wake.stop:
        wake.wait(0.5)
    if wake.stop:
        child.terminate()
        child.wait()
    elif child.returncode != 0:
        raise StackError(
            f"training {MODEL!r} failed with exit code {child.returncode}, see above",
            " ".join((f"SERVEWATCH_HOME={home} python -m {TRAINING}", *arguments)),
        )


def alertmanager_config(options: Options, program: str, folder: Path) -> str:
    """Alertmanager's configuration: the stack's receiver, and the channels with secrets in the home or the folder."""
    receiver = options.ports.url("receiver", "/alerts")
    found: Sequence[alertmanager.Channel] = ()
    secrets = options.home / "secrets"
    try:
        for secrets in (options.home / "secrets", folder / "secrets"):
            found = alertmanager.channels(secrets)
            if found:
                break
        return alertmanager.config(found, secrets=secrets, receiver=receiver, release=release(program))
    except alertmanager.ChannelInvalid as error:
        raise StackError(str(error), f"the files of notification channels are in {secrets}") from None


def release(program: str) -> tuple[int, int]:
    """The release of a program of the Prometheus family, as it says itself."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True)
    found = re.search(r"version v?(\d+)\.(\d+)", answer.stdout + answer.stderr)
    if found is None:
        raise StackError(f"{program} --version does not tell its release", "see that this is the right program")
    return int(found[1]), int(found[2])
