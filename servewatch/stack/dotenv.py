"""The `.env` beside docker-compose.yml: read as Compose reads it, and checked before containers are started."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from servewatch import own
from servewatch.stack import composed
from servewatch.stack.errors import StackError

PREFIX = "SERVEWATCH_"
OTHERS = ("COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "PIP_EXTRA_INDEX_URL")
EXAMPLE = ".env.example"
GENERATED = "./servewatch/stack/generated"
NEEDS: Mapping[str, Mapping[str, str]] = {
    "tracing": {
        f"{PREFIX}TRACE_ENDPOINT": "http://collector:4318",
        f"{PREFIX}GRAFANA_DATASOURCES": f"{GENERATED}/tracing",
    },
    "longterm": {f"{PREFIX}PROMETHEUS_CONFIG": "prometheus.longterm.yml"},
}
"""What a profile does nothing without."""
FOLDER = f"{PREFIX}GENERATED"
"""Names the folder of what `servewatch generate --service` wrote, for a service of one's own."""
PROFILES = ("cluster", "gpu", "longterm", "node", "tracing")
_LIKE = (
    (r"\w+_PORT|\w*PORT", r"[1-9]\d{0,4}", "a port, as 3000"),
    (r"\w+_(REPLICAS)", r"\d+", "a number of containers, as 3"),
    (r"\w+_MEMORY", r"\d+(\.\d+)?[bkmgBKMG]b?", "a size, as 1G"),
    (r"\w+_CPUS", r"\d+(\.\d+)?", "a number of processors, as 1.5"),
    (r"\w+_RETENTION_SIZE", r"\d+(B|KB|MB|GB|TB)", "a size, as 2GB"),
    (r"\w+_RETENTION(_TIME)?", r"\d+(h|d|w|y)", "a time, as 15d"),
    (r"\w+_(FAULTS|TRAFFIC)", r"0|1", "0 or 1"),
    (r"\w+_PROMETHEUS_CONFIG", r"[\w.-]+\.yml", "the name of a file, as prometheus.longterm.yml"),
    (r"\w+_GENERATED", r"\.{0,2}/.*", "a folder that begins with ./ or /, as ./watched"),
)


class EnvironmentInvalid(StackError):
    """The .env says what docker-compose.yml does not take."""

    code = "env_invalid"


def read(path: Path) -> dict[str, str]:
    """The variables of a file of NAME=VALUE lines; none where there is no such file."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines() if path.is_file() else (), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.fullmatch(r"(?:export\s+)?(\w+)=(.*)", line.strip())
        if match is None:
            raise EnvironmentInvalid(f"{path.name}:{number}: {line!r} is not NAME=VALUE", f"see {EXAMPLE}")
        found[match[1]] = _value(match[2])
    return found


def _value(text: str) -> str:
    quoted = re.match(r"""(["'])(.*?)\1\s*(#.*)?$""", text)
    return quoted[2] if quoted else re.sub(r"\s+#.*$", "", text).strip()


def check(given: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Raise at the first variable that nobody reads, value that is not of its kind, or half of a pair."""
    for name, value in given.items():
        if name not in known and name not in OTHERS:
            raise EnvironmentInvalid(f"nothing reads {name} (.env)", _near(name, known))
        for variable, like, accepted in _LIKE:
            if name.startswith(PREFIX) and re.fullmatch(variable, name):
                if value and not re.fullmatch(like, value):
                    raise EnvironmentInvalid(f"{name} is {value!r}, which is not {accepted} (.env)", f"see {EXAMPLE}")
                break
    for profile in filter(None, given.get("COMPOSE_PROFILES", "").split(",")):
        _profile(profile.strip(), given)


def _profile(profile: str, given: Mapping[str, str]) -> None:
    if profile not in PROFILES:
        raise EnvironmentInvalid(
            f"there is no profile {profile!r} (COMPOSE_PROFILES in .env)", f"profiles: {', '.join(PROFILES)}"
        )
    for variable, value in NEEDS.get(profile, {}).items():
        if not given.get(variable):
            raise EnvironmentInvalid(
                f"the profile {profile!r} needs {variable}, which .env does not give", f"{variable}={value}"
            )


def _near(name: str, known: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"{EXAMPLE} names all"


def check_generated(folder: Path) -> None:
    """Raise where a folder is not one of a service's files: the engine would make empty ones in their place."""
    missing = [name for name in (composed.CONFIG, own.RULES.parent, own.BOARDS) if not (folder / name).exists()]
    if missing:
        raise EnvironmentInvalid(
            f"{FOLDER} names {folder}, which has no {missing[0]}",
            f"servewatch generate --service MODULE:NAME --out {folder}",
        )


def variables(compose: str) -> dict[str, str]:
    """The variables that a docker-compose.yml reads, and their defaults; none where it is another at each place."""
    found: dict[str, str] = {}
    for name, default in re.findall(r"(?<!\$)\$\{(\w+):-((?:\$\{[^}]*\}|[^}])*)\}", compose):
        found[name] = default if found.get(name, default) == default else ""
    return found
