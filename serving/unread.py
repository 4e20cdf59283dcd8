"""Variables of the environment that look like settings, and that nothing reads: a misspelt one would do nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import fields

from serving.settings import PREFIX, Settings

SETTINGS = tuple(option.name.upper() for option in fields(Settings))
COMPOSE = (
    "ALERTMANAGER_CONFIG ALERTMANAGER_PORT CPUS DASHBOARDS GENERATED GPU_MEMORY GPU_REPLICAS GRAFANA_DATASOURCES "
    "GRAFANA_PORT IMAGE LONGTERM_PORT LONGTERM_RETENTION MEMORY PROMETHEUS_CONFIG PROMETHEUS_PORT RECEIVER_PORT "
    "REPLICAS RETENTION_SIZE RETENTION_TIME SERVICE TRAFFIC"
)
"""What docker-compose.yml reads beside the settings, which is not there where servewatch was installed."""

TOLD = f"{PREFIX}TOLD"
"""What was told of already: the processes that the first one starts need not say it again."""

_OWN = frozenset(("STACK_ID", TOLD.removeprefix(PREFIX)))
_TYPED = (*SETTINGS, *COMPOSE.split())
_KNOWN = frozenset(_TYPED) | _OWN
_POD = re.compile(r"(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")
"""What Kubernetes puts into each container where one of its services is called servewatch-something."""

PAGE = "serving/SETTINGS.md"


def unread(environ: Mapping[str, str]) -> list[str]:
    """The variables that are meant for us, and that are no settings; without those that were told of."""
    told, pod = environ.get(TOLD, "").split(), "KUBERNETES_SERVICE_HOST" in environ
    found = []
    for name in sorted(environ):
        prefix, _, rest = name.partition("_")
        if name.startswith(PREFIX):
            odd = rest not in _KNOWN and not (pod and _POD.fullmatch(rest))
        else:
            odd = rest.upper() in _KNOWN and _is_ours(prefix.upper())
        if odd and name not in told:
            found.append(name)
    return found


def _is_ours(prefix: str) -> bool:
    """Whether it is our prefix, misspelt: a longer one may be another program's."""
    ours = PREFIX.rstrip("_")
    return len(prefix) <= len(ours) and difflib.SequenceMatcher(None, prefix, ours).ratio() > 0.85


def doubt(name: str) -> str:
    """What is said of such a variable: one line."""
    rest = name.partition("_")[2].upper()
    close = difflib.get_close_matches(rest, _TYPED, 1)
    meant = f"did you mean {PREFIX}{close[0]}?" if close else f"{PAGE} names all"
    return f"{name} is no setting, and nothing reads it: {meant}"
