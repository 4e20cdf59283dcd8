from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serving import Settings
from serving.errors import SettingInvalid
from serving.settings import inherited_environment


def test_defaults_are_those_of_the_contract() -> None:
    """Without an environment: 127.0.0.1, 3000 and 9464, under ~/.servewatch."""
    settings = Settings.load({})
    assert (settings.host, settings.port, settings.metrics_host, settings.metrics_port) == (
        "127.0.0.1",
        3000,
        "127.0.0.1",
        9464,
    )
    assert settings.home == Path("~/.servewatch").expanduser()
    assert settings.store == settings.home / "models"
    assert settings.faults is False


def test_the_environment_is_read_and_what_is_given_wins() -> None:
    """A variable sets an option, a flag beats it, a flag that was not given does not."""
    environ = {"SERVEWATCH_PORT": "1234", "SERVEWATCH_DRAIN_DELAY": "0.5", "SERVEWATCH_HOME": "/tmp/x", "PORT": "9"}
    settings = Settings.load(environ, port=4321, drain_delay=None)
    assert (settings.port, settings.drain_delay, settings.home) == (4321, 0.5, Path("/tmp/x"))


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("", False)])
def test_switches_have_several_spellings(text: str, value: bool) -> None:
    """1, true, yes and on are on, in capitals too."""
    assert Settings.load({"SERVEWATCH_FAULTS": text}).faults is value


@pytest.mark.parametrize(
    ("variable", "value", "accepted"),
    [
        ("SERVEWATCH_PORT", "http", "a whole number"),
        ("SERVEWATCH_PORT", "", "a whole number"),
        ("SERVEWATCH_PORT", "70000", "in 0 to 65535"),
        ("SERVEWATCH_METRICS_PORT", "-1", "in 0 to 65535"),
        ("SERVEWATCH_DRAIN_TIMEOUT", "soon", "a number"),
        ("SERVEWATCH_DRAIN_TIMEOUT", "-1", "0 or more"),
        ("SERVEWATCH_DRAIN_DELAY", "nan", "0 or more"),
        ("SERVEWATCH_MAX_BODY_BYTES", "0", "1 or more"),
        ("SERVEWATCH_MAX_QUEUE_ROWS", "0", "1 or more"),
        ("SERVEWATCH_TORCH_THREADS", "0", "1 or more"),
        ("SERVEWATCH_FAULTS", "perhaps", "1 or 0"),
        ("SERVEWATCH_WARMUP", "1,most", "off, or numbers of rows and max, as in 1,8,max"),
        ("SERVEWATCH_WARMUP", "0", "off, or numbers of rows and max, as in 1,8,max"),
        ("SERVEWATCH_COMPILE", "on", "one of off, graphs, compile"),
        ("SERVEWATCH_COMPILE_ROWS", "1;2", "numbers of rows, as in 1,8,64"),
        ("SERVEWATCH_DTYPE", "float16", "one of float32, bfloat16"),
        ("SERVEWATCH_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
    ],
)
def test_a_value_that_is_not_taken_names_the_variable_and_what_is(variable: str, value: str, accepted: str) -> None:
    """The error has the variable, the value and what is accepted, and says how to set it."""
    with pytest.raises(SettingInvalid) as caught:
        Settings.load({variable: value})
    assert caught.value.message == f"{variable} is {value!r}, which is not {accepted}"
    assert caught.value.help == f"export {variable}=... or unset {variable}"


def test_a_flag_that_is_not_taken_names_the_flag() -> None:
    """What was given on the command line is called by its flag."""
    with pytest.raises(SettingInvalid) as caught:
        Settings.load({}, metrics_port=99999)
    assert (
        str(caught.value) == "--metrics-port is '99999', which is not in 0 to 65535\nhelp: give another --metrics-port"
    )


@pytest.mark.parametrize("given", [{}, {"port": 1, "faults": True, "drain_delay": 0.25, "device": "cpu"}])
def test_settings_survive_the_way_through_an_environment(given: dict[str, Any]) -> None:
    """Another process that gets environment() has the same settings."""
    settings = Settings.load({}, **given)
    assert Settings.load(settings.environment()) == settings


def test_the_inherited_environment_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child's environment is this process's, and changing it changes nothing here."""
    monkeypatch.setenv("SERVEWATCH_PORT", "4000")
    inherited = inherited_environment()
    assert inherited["SERVEWATCH_PORT"] == "4000"
    inherited["SERVEWATCH_PORT"] = "1"
    assert Settings.load().port == 4000
