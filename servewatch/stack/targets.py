"""Servers that are not ours: how they are named, how Prometheus scrapes them, and whether their page fits."""

from __future__ import annotations

import copy
import http.client
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from alerts.adapters import ADAPTERS, BY_KIND, Adapter
from alerts.requests import JOB
from alerts.stack import REFERENCE_JOB, SAMPLE_LIMIT
from monitoring.exposition import REFERENCE
from servewatch import slos
from servewatch.stack.config import REFERENCE_INTERVAL
from servewatch.stack.errors import StackError

JOB_NAME = "adapters"
"""The scrape job of all of them; the label `job` of their series is that of services."""

REFERENCE_JOB_NAME = "adapters-reference"
"""The same for what live traffic is compared with, of those that watch a model."""

FILES = "/etc/prometheus/targets/*.yml"
"""Where a stack in containers looks for targets."""

_TEXT = re.compile(
    r"(?P<kind>[^=,]+)=(?P<host>[^:/,\[\]]+|\[[0-9a-fA-F:]+\])(:(?P<port>[0-9]+))?(?P<path>/[^,]*)?(,service=(?P<service>.+))?\Z"
)
_SHAPE = "KIND=HOST[:PORT][/PATH][,service=NAME], like bentoml=127.0.0.1:3000 or triton=gpu-1:8002,service=ranking"
_LARGEST = 65535
_PAGE = 4_000_000
_SHOWN = 3


class TargetInvalid(StackError):
    """A target that was given cannot be one."""

    code = "target_invalid"


@dataclass(frozen=True, slots=True)
class Target:
    """A server to watch: what it is, where its metrics are, and the service under which it is shown."""

    kind: str
    host: str
    port: int
    path: str
    service: str

    def __str__(self) -> str:
        return f"{self.kind}={self.address}{self.path},service={self.service}"

    @property
    def adapter(self) -> Adapter:
        """What reads its metrics."""
        return BY_KIND[self.kind]

    @property
    def address(self) -> str:
        """Host and port, as Prometheus has them."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Where its metrics are."""
        return f"http://{self.address}{self.path}"

    @property
    def labels(self) -> dict[str, str]:
        """What Prometheus writes on each of its series."""
        return {"service": self.service, "adapter": self.kind, "__metrics_path__": self.path}


def parse(text: str) -> Target:
    """Read what follows --target; the port, the path and the name are the kind's own unless given."""
    match = _TEXT.match(text)
    if match is None:
        raise TargetInvalid(f"target {text!r} cannot be read", f"give {_SHAPE}")
    adapter = BY_KIND.get(match["kind"])
    if adapter is None:
        raise TargetInvalid(f"target {text!r}: there is no adapter {match['kind']!r}", f"one of {', '.join(BY_KIND)}")
    port = int(match["port"] or adapter.port)
    if not 0 < port <= _LARGEST:
        raise TargetInvalid(f"target {text!r}: {port} is no port", f"one from 1 to {_LARGEST}")
    return Target(adapter.kind, match["host"], port, match["path"] or adapter.path, match["service"] or adapter.kind)


def jobs(targets: Iterable[Target]) -> list[dict[str, Any]]:
    """The scrape jobs of these targets: of their metrics, and of what those compare live traffic with that watch it."""
    found = tuple(targets)
    configs = [{"targets": [target.address], "labels": target.labels} for target in found]
    kept = [adapter for adapter in ADAPTERS if adapter.kind in {target.kind for target in found}]
    return _jobs({"static_configs": configs}, kept) if found else []


def jobs_of_files() -> list[dict[str, Any]]:
    """The scrape jobs of whatever targets lie in the folder of a stack in containers."""
    return _jobs({"file_sd_configs": [{"files": [FILES]}]}, ADAPTERS)


def _jobs(found: dict[str, Any], adapters: Sequence[Adapter]) -> list[dict[str, Any]]:
    # Their own labels `service` and `job`, where they have any, are not ours and do not win.
    found = {"honor_labels": False, "sample_limit": SAMPLE_LIMIT, **found}
    drops = _drops(adapters)
    dropping = {"metric_relabel_configs": drops} if drops else {}
    made = [{"job_name": JOB_NAME, **found, "relabel_configs": [_known_as(JOB)], **dropping}]
    watching = "|".join(re.escape(adapter.kind) for adapter in adapters if adapter.reference)
    if watching:
        path = {
            "source_labels": ["__metrics_path__"],
            "target_label": "__metrics_path__",
            "replacement": f"$1{REFERENCE}",
        }
        kept = {"source_labels": ["adapter"], "regex": watching, "action": "keep"}
        # A list that two jobs share would be written as an anchor and its alias.
        beside = {"job_name": REFERENCE_JOB_NAME, "scrape_interval": REFERENCE_INTERVAL, **copy.deepcopy(found)}
        made.append({**beside, "relabel_configs": [kept, path, _known_as(REFERENCE_JOB)]})
    return made


def _known_as(job: str) -> dict[str, Any]:
    return {"target_label": "job", "replacement": job}


def _drops(adapters: Iterable[Adapter]) -> list[dict[str, Any]]:
    return [
        {
            "source_labels": ["adapter", drop.label],
            "regex": f"{re.escape(adapter.kind)};({drop.pattern})",
            "action": "drop",
        }
        for adapter in adapters
        for drop in adapter.drops
    ]


def watching(found: dict[str, Any], targets: Iterable[Target], serve: bool) -> dict[str, Any]:
    """Prometheus's configuration with these targets as well, and without the stack's own service where it has none."""
    kept = [job for job in found["scrape_configs"] if serve or job["job_name"] not in (JOB, REFERENCE_JOB)]
    return {**found, "scrape_configs": [*kept, *jobs(targets)]}


def write(path: Path, targets: Iterable[Target], serve: bool) -> None:
    """Write them into a configuration that is there."""
    head, _, text = path.read_text().partition("\n")
    found = watching(yaml.safe_load(text), targets, serve)
    path.write_text(f"{head}\n{yaml.safe_dump(found, sort_keys=False)}")


def forget(own: Path, folder: Path) -> None:
    """Let nothing of a service that ran before be left where none runs; what slos.yml promises is kept."""
    shutil.rmtree(own, ignore_errors=True)
    slos.write(own, slos.objectives("", (), folder))


def look(target: Target, timeout: float = 2.0) -> str:
    """What is odd about a target's page: an empty text where it is that of its kind."""
    connection = http.client.HTTPConnection(target.host.strip("[]"), target.port, timeout=timeout)
    try:
        connection.request("GET", target.path, headers={"Connection": "close"})
        answer = connection.getresponse()
        page = answer.read(_PAGE).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{target.url} does not answer ({error}): it is watched, and counts as down until it does"
    finally:
        connection.close()
    if answer.status != http.client.OK:
        return f"{target.url} answers {answer.status}, and not with metrics: is this the path?"
    if _names(page, target.adapter):
        return ""
    others = [adapter.kind for adapter in ADAPTERS if len(_names(page, adapter)) > len(_names(page, target.adapter))]
    if others:
        return f"{target.url} has no metric of {target.kind}: it looks like {' or '.join(others)}"
    some = ", ".join(metric.name for metric in target.adapter.metrics[:_SHOWN])
    return (
        f"{target.url} has no metric of {target.kind} yet, like {some}: many servers show them with the first request"
    )


def _names(page: str, adapter: Adapter) -> list[str]:
    names = (metric.name for metric in adapter.metrics)
    return [name for name in names if re.search(rf"^{re.escape(name)}(_count|_bucket)?[ {{]", page, re.MULTILINE)]
