"""Who is measured: how each server is installed, started and asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

APPS = Path(__file__).parent / "apps"
TORCH = ("torch==2.13.0", "numpy")


@dataclass(frozen=True)
class Contestant:
    """One server: `needs` go into a venv of its own; without needs it runs in ours."""

    name: str
    title: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    path: str = "/predict"
    wrapped: str = ""
    npy: bool = False
    venv: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def body(self, picture: str) -> str:
        """The JSON that it takes for a picture."""
        return f'{{"{self.wrapped}": [{picture}]}}' if self.wrapped else picture


def _uvicorn(app: str) -> tuple[str, ...]:
    return ("{python}", "-m", "uvicorn", app, "--port", "{port}", "--no-access-log", "--log-level", "warning")


def _ours(service: str, *more: str) -> tuple[str, ...]:
    return ("{python}", "-m", "servewatch", "serve", service, "--port", "{port}", "--log-level", "warning", *more)


CONTESTANTS = (
    Contestant(
        "servewatch", "servewatch, all metrics on", _ours("ours:Bench", "--metrics-port", "{metrics_port}"), npy=True
    ),
    Contestant("silent", "servewatch, metrics off", _ours("silent:Bench", "--metrics-port", "0"), npy=True),
    Contestant("handwritten", "hand-written ASGI, no checks, no metrics", _uvicorn("handwritten:app"), npy=True),
    Contestant("constant", "bare ASGI, constant answer", _uvicorn("constant:app"), npy=True),
    Contestant(
        "plain",
        "FastAPI + instrumentator, one forward a request",
        _uvicorn("plain:app"),
        needs=(*TORCH, "fastapi", "uvicorn[standard]", "prometheus-fastapi-instrumentator"),
    ),
    Contestant(
        "bentoml",
        "BentoML 1.4, batching",
        ("{python}", "-m", "bentoml", "serve", "bento:Bento", "--port", "{port}", "--host", "127.0.0.1", "-q"),
        needs=(*TORCH, "bentoml>=1.4,<1.5"),
        path="/classify",
        wrapped="pictures",
        environment={"BENTOML_DO_NOT_TRACK": "true"},
    ),
    Contestant(
        "bentoml2",
        "BentoML 1.4, batching, 2 workers on the core",
        ("{python}", "-m", "bentoml", "serve", "bento:Bento", "--port", "{port}", "--host", "127.0.0.1", "-q"),
        needs=(*TORCH, "bentoml>=1.4,<1.5"),
        venv="bentoml",
        path="/classify",
        wrapped="pictures",
        environment={"BENTOML_DO_NOT_TRACK": "true", "BENCH_WORKERS": "2"},
    ),
    Contestant(
        "litserve",
        "LitServe, batching",
        ("{python}", "lit.py", "{port}"),
        needs=(*TORCH, "litserve"),
    ),
)
