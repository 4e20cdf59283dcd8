"""Sends a test through Alertmanager to one channel, and sees from Alertmanager's own counts what became of it."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.alertmanager import TEST
from alerts.rules import RUNBOOK
from serving.errors import ServewatchError

PREFIX = "test-"
SERVICE = "notification-test"
_TIMEOUT = 5.0
_OVER = timedelta(seconds=20)
_INTEGRATIONS = {"teams": "msteamsv2"}
_COUNT = re.compile(
    r'^alertmanager_notification_requests(_failed)?_total\{[^}]*integration="(\w+)"[^}]*\} (\S+)$', re.M
)


class AlertmanagerUnreachable(ServewatchError):
    """The Alertmanager that was named does not answer as one."""

    code = "alertmanager_unreachable"


class ReceiverUnknown(ServewatchError):
    """No channel of that name is configured."""

    code = "receiver_invalid"


class NotificationFailed(ServewatchError):
    """A test notification did not get through."""

    code = "notification_failed"


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often Alertmanager called a kind of channel, and how often in vain."""

    made: float = 0.0
    failed: float = 0.0


class Alertmanager:
    """Speaks to a running Alertmanager."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.url, self.clock = url.rstrip("/"), clock

    def receivers(self) -> list[str]:
        """The channels that can be tested: kind, or kind and owner."""
        names = [str(found["name"]) for found in json.loads(self._ask("/api/v2/receivers"))]
        return [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]

    def attempts(self, receiver: str) -> Attempts:
        """What it has counted of the kind of this channel."""
        kind = receiver.partition("-")[0]
        counted = {"": 0.0, "_failed": 0.0}
        for failed, integration, value in _COUNT.findall(self._ask("/metrics")):
            if integration == _INTEGRATIONS.get(kind, kind):
                counted[failed] += float(value)
        return Attempts(counted[""], counted["_failed"])

    def send(self, receiver: str, severity: str, dashboards: str) -> None:
        """Give it the alert that leads to this channel alone, and that is over after seconds."""
        now = datetime.now(UTC)
        alert = alert_for(receiver, severity, dashboards, now)
        body = json.dumps([alert]).encode()
        self._ask("/api/v2/alerts", body)

    def deliver(self, receiver: str, severity: str, dashboards: str, seconds: float) -> None:
        """Send a test and wait until the channel took it; raise where it did not."""
        known = self.receivers()
        if receiver not in known:
            has = f"it has {', '.join(known)}" if known else "it has no channel but the stack's own receiver"
            raise ReceiverUnknown(
                f"receiver {receiver!r} is not in the configuration of {self.url}; {has}",
                "secrets/README.md says which file makes which channel; then servewatch up, which reads it again",
            )
        before, until = self.attempts(receiver), self.clock() + seconds
        self.send(receiver, severity, dashboards)
        while self.clock() < until:
            now = self.attempts(receiver)
            if now.failed > before.failed:
                raise NotificationFailed(
                    f"{receiver} did not take the notification", "servewatch logs alertmanager says what it answered"
                )
            if now.made > before.made:
                return
            time.sleep(0.1)
        raise NotificationFailed(
            f"Alertmanager did not call {receiver} within {seconds:g} s",
            f"a slow network, a silence or an inhibition: look at {self.url}/#/alerts",
        )

    def _ask(self, path: str, body: bytes | None = None) -> str:
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                text: str = answer.read().decode()
        except (OSError, ValueError) as failed:
            raise AlertmanagerUnreachable(
                f"{self.url}{path} does not answer as an Alertmanager: {failed}",
                "servewatch status shows where Alertmanager is; another one: --alertmanager URL",
            ) from failed
        return text


def alert_for(receiver: str, severity: str, dashboards: str, now: datetime) -> dict[str, Any]:
    """The alert of a test, as Alertmanager's API takes it."""
    labels = {"alertname": TEST, "receiver": PREFIX + receiver, "severity": severity, "service": SERVICE}
    annotations = {
        "summary": "This is a test of notifications: nothing is wrong",
        "description": "Somebody ran `servewatch alerts test`. A message that it is over follows within a minute.",
        "runbook_url": f"{RUNBOOK}#notificationsfail",
        "dashboard_url": f"{dashboards}/d/servewatch-stack",
    }
    return {
        "labels": {**labels, "test": uuid.uuid4().hex[:8]},
        "annotations": annotations,
        "startsAt": now.isoformat(),
        "endsAt": (now + _OVER).isoformat(),
    }
