"""Every option of a service: its default, its environment variable, its meaning. Nothing else reads os.environ."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from serving.errors import SettingInvalid

PREFIX = "SERVEWATCH_"
HOME = f"{PREFIX}HOME"
_OWNER = (r"|[A-Za-z0-9][A-Za-z0-9_.-]*", "letters, digits, _ . and -, as in vision")
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def _option(
    default: Any, help: str, *, least: float | None = None, most: float | None = None, of: str = "", like: Any = None
) -> Any:
    bounds = {"least": least, "most": most, "of": of.split(), "like": like}
    return field(default=default, metadata={"help": help, **bounds})


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of one process. Each is read from SERVEWATCH_<NAME> unless given."""

    home: Path = _option(Path("~/.servewatch"), "Folder of the model store and of the stack's state.")
    host: str = _option("127.0.0.1", "Address that the service listens on.")
    port: int = _option(3000, "Port of the service.", least=0, most=65535)
    metrics_host: str = _option("127.0.0.1", "Address that /metrics listens on.")
    metrics_port: int = _option(9464, "Port of /metrics on a thread of its own; 0 turns it off.", least=0, most=65535)
    workers: int = _option(1, "Processes that speak HTTP; above 1, the models are in processes of their own.", least=1)
    runners: int = _option(
        0, "Processes that hold the models; 0 is none of their own for one worker, one for several.", least=0
    )
    max_body_bytes: int = _option(16 * 1024 * 1024, "Largest request body; above it the answer is 413.", least=1)
    max_queue_rows: int = _option(1024, "Rows that may wait for a runner; above it the answer is 503.", least=1)
    request_timeout: float = _option(
        0.0, "Seconds after which a request is given up with 504, unless its endpoint says other; 0 is never.", least=0
    )
    header_timeout: float = _option(10.0, "Seconds that a client has to send a request's head.", least=0.1)
    body_timeout: float = _option(
        30.0, "Seconds that a client may stall while it sends a body (408) or takes its answer.", least=0.1
    )
    drain_delay: float = _option(
        1.0, "Seconds that a stopping service still takes requests, so that callers move on.", least=0
    )
    drain_timeout: float = _option(
        20.0, "Seconds that accepted requests get to finish before the process ends.", least=0
    )
    device: str = _option("auto", "Where models run: auto, cpu, cuda or cuda:N.")
    dtype: str = _option(
        "float32", "Numbers that PyTorch models compute with; answers are float32.", of="float32 bfloat16"
    )
    compile: str = _option(
        "off", "How PyTorch models are made faster: off, graphs (CUDA graphs), compile.", of="off graphs compile"
    )
    compile_rows: str = _option(
        "1,2,4,8,16,32,64",
        "Batch sizes that models are compiled for; a batch is padded up to the next.",
        like=(r"[1-9]\d*(,[1-9]\d*)*", "numbers of rows, as in 1,8,64"),
    )
    warmup: str = _option(
        "1,max",
        "Rows that each model is called with before the service is ready (max: of its batches), or off.",
        like=(r"off|(max|[1-9]\d*)(,(max|[1-9]\d*))*", "off, or numbers of rows and max, as in 1,8,max"),
    )
    torch_threads: int = _option(1, "Threads of one PyTorch call on a CPU.", least=1)
    faults: bool = _option(False, "Obey X-Servewatch-Fault headers. For demonstrations, never in production.")
    drift_step: str = _option(
        "5m", "How often drift is scored. Read by `servewatch generate` and `servewatch up`, as are the next three."
    )
    drift_windows: str = _option("1h 1d", "Windows over which drift and quality are scored, from short to long.")
    drift_scrape: str = _option("5s", "How often Prometheus scrapes what is watched.")
    drift_false_pages: float = _option(
        1.0, "False alarms of drift that a service may raise in a month, over all that it watches.", least=1e-6
    )
    trace_endpoint: str = _option(
        "", "OpenTelemetry collector that traces are sent to, such as http://127.0.0.1:4318; empty turns tracing off."
    )
    trace_sample: float = _option(
        0.01, "Share of the requests without a caller's decision that are traced.", least=0, most=1
    )
    trace_url: str = _option(
        "",
        "Where the console's charts lead from a single request to its trace; empty: they only name it.",
        like=(r"|https?://\S*\{trace_id\}\S*", "an address with {trace_id} in it"),
    )
    feedback_key: str = _option(
        "", "Secret that prediction ids are signed with, one for all replicas; empty: whoever asks can forge them."
    )
    feedback_key_file: str = _option("", "File that holds this secret, instead.")
    accuracy_minimum: float = _option(
        0.0, "Accuracy below which AccuracyLow pages; 0: five points below the reference's.", least=0, most=1
    )
    feedback_days: float = _option(7.0, "Days after a prediction in which its label is taken.", least=0.001, most=3650)
    log_rows: int = _option(
        0, "Watched rows of each model that a process keeps in files, for a closer look; 0 keeps none.", least=0
    )
    log_rows_days: float = _option(7.0, "Days after which logged rows are removed.", least=0.001)
    log_rows_bytes: int = _option(64 * 1024 * 1024, "Bytes of a model's logged rows; the oldest go first.", least=1)
    log_rows_leave_out: str = _option("", "Features that are not logged, with spaces between them.")
    owner: str = _option(
        "", "Who is told of this service's alerts, in place of what it declares. Read by `servewatch up`.", like=_OWNER
    )
    access_log: str = _option("off", "off, or json: a line on stdout for each request.", of="off json")
    log_format: str = _option("text", "text or json, for the log on stderr.", of="text json")
    log_level: str = _option("info", "debug, info, warning or error.", of="debug info warning error")

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Read the environment; what is given (and not None) wins over it."""
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for option in fields(cls):
            variable = PREFIX + option.name.upper()
            if given.get(option.name) is not None:
                values[option.name] = given[option.name]
                _check(f"--{option.name.replace('_', '-')}", values[option.name], option.metadata)
            elif variable in environ:
                values[option.name] = _parse(variable, environ[variable], type(option.default))
                _check(variable, values[option.name], option.metadata)
        settings = cls(**values)
        object.__setattr__(settings, "home", settings.home.expanduser())
        return settings

    def environment(self) -> dict[str, str]:
        """The variables that give another process these same settings."""
        return {PREFIX + option.name.upper(): _show(getattr(self, option.name)) for option in fields(self)}

    @property
    def several(self) -> bool:
        """Whether the service runs in more processes than this one."""
        return self.workers > 1 or self.runners > 0

    @property
    def store(self) -> Path:
        """Folder of the model store."""
        return self.home / "models"


def inherited_environment() -> dict[str, str]:
    """A copy of this process's environment, for a child process."""
    return dict(os.environ)


def hand_down(variable: str, value: str) -> None:
    """Give a variable to the processes that this one starts."""
    os.environ[variable] = value


def _show(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _parse(variable: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise SettingInvalid(variable, text, "1 or 0")
    if issubclass(kind, Path):
        return Path(text)
    try:
        return kind(text)
    except ValueError:
        raise SettingInvalid(variable, text, "a whole number" if kind is int else "a number") from None


def _check(source: str, value: Any, bounds: Mapping[str, Any]) -> None:
    least, most, of, like = bounds["least"], bounds["most"], bounds["of"], bounds["like"]
    if like is not None and not re.fullmatch(like[0], value):
        raise SettingInvalid(source, value, like[1])
    if of and value not in of:
        raise SettingInvalid(source, value, f"one of {', '.join(of)}")
    if (least is not None and not value >= least) or (most is not None and not value <= most):
        raise SettingInvalid(source, f"{value:g}", f"{least} or more" if most is None else f"in {least} to {most}")
