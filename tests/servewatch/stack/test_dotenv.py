from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from servewatch.stack import dotenv
from servewatch.stack.dotenv import EnvironmentInvalid, check, check_generated, read, variables

ROOT = Path(__file__).parents[3]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
KNOWN = variables(COMPOSE)


def test_the_example_names_every_variable_with_its_default() -> None:
    """What docker-compose.yml reads stands in .env.example, and nothing else does, but what Compose itself reads."""
    lines = re.findall(r"^#(\w+)=(.*)$", (ROOT / dotenv.EXAMPLE).read_text(), re.MULTILINE)
    assert {name: value for name, value in lines if name not in dotenv.OTHERS or name in KNOWN} == KNOWN


def test_the_example_can_be_used_as_it_is(tmp_path: Path) -> None:
    """With every line made active it says the defaults, which are accepted."""
    (tmp_path / ".env").write_text(re.sub(r"^#(\w+=)", r"\1", (ROOT / dotenv.EXAMPLE).read_text(), flags=re.MULTILINE))
    given = read(tmp_path / ".env")
    check(given, KNOWN)
    assert given["SERVEWATCH_PORT"] == "3000"


def test_profiles_are_those_of_the_file() -> None:
    """Each profile that may be named has a container, and each container's profile may be named."""
    services = yaml.safe_load(COMPOSE)["services"].values()
    assert {profile for service in services for profile in service.get("profiles", ())} == set(dotenv.PROFILES)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("SERVEWATCH_PROT=3000", "nothing reads SERVEWATCH_PROT"),
        ("SERVEWATCH_PORT=http", "SERVEWATCH_PORT is 'http', which is not a port"),
        ("SERVEWATCH_REPLICAS=-1", "SERVEWATCH_REPLICAS is '-1', which is not a number of containers"),
        ("SERVEWATCH_MEMORY=lots", "which is not a size"),
        ("SERVEWATCH_RETENTION_TIME=15", "which is not a time"),
        ("SERVEWATCH_FAULTS=maybe", "which is not 0 or 1"),
        ("SERVEWATCH_TRAFFIC=yes", "which is not 0 or 1"),
        ("SERVEWATCH_GENERATED=watched", "which is not a folder that begins with ./ or /"),
        ("SERVEWATCH_PROMETHEUS_CONFIG=./mine.yml", "which is not the name of a file"),
        ("COMPOSE_PROFILES=node,gpus", "there is no profile 'gpus'"),
        ("COMPOSE_PROFILES=longterm", "the profile 'longterm' needs SERVEWATCH_PROMETHEUS_CONFIG"),
        ("SERVEWATCH_PORT 3000", "is not NAME=VALUE"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, line: str, message: str) -> None:
    """A misspelt name, a value of another kind and half of a profile are errors that say what to write."""
    (tmp_path / ".env").write_text(f"# mine\n{line}\n")
    with pytest.raises(EnvironmentInvalid, match=re.escape(message)) as error:
        check(read(tmp_path / ".env"), KNOWN)
    assert error.value.help


def test_a_variable_with_a_default_for_each_place_has_none() -> None:
    """Where two places fall back on different values, the example can name neither."""
    told = variables("${A:-x}/${B:-y} ${A:-z} ${B:-y} ${C:+w}")
    assert told == {"A": "", "B": "y"}


def test_a_folder_that_was_never_generated_is_told(tmp_path: Path) -> None:
    """The engine would mount an empty folder in place of a file: the error names what lacks and the command."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "dashboards").mkdir()
    with pytest.raises(EnvironmentInvalid, match=r"which has no prometheus.yml") as error:
        check_generated(tmp_path)
    assert f"--out {tmp_path}" in error.value.help
    (tmp_path / "prometheus.yml").write_text("")
    check_generated(tmp_path)


def test_values_are_read_as_compose_reads_them(tmp_path: Path) -> None:
    """Quotes and comments behind a value are not part of it; no file is no variable."""
    (tmp_path / ".env").write_text("export SERVEWATCH_PORT=4000 # mine\nSERVEWATCH_SERVICE='a.b:C'\n")
    assert read(tmp_path / ".env") == {"SERVEWATCH_PORT": "4000", "SERVEWATCH_SERVICE": "a.b:C"}
    assert read(tmp_path / "none") == {}
