"""Logging of watched rows, where the settings ask for it."""

from __future__ import annotations

from pathlib import Path

from monitoring.reference import Extractor
from monitoring.sampling import Sampler
from serving.errors import ServiceInvalid
from serving.settings import Settings
from serving.store.model import ModelInfo


def folder(settings: Settings, info: ModelInfo) -> Path:
    """Where a model's logged rows are."""
    return settings.home / "rows" / info.name / info.version


def sampler(settings: Settings, info: ModelInfo, extractor: Extractor) -> Sampler | None:
    """What keeps a sample of a model's rows; None where nothing is logged."""
    if not settings.log_rows:
        return None
    try:
        return Sampler(
            folder(settings, info),
            extractor,
            rows=settings.log_rows,
            age=settings.log_rows_days * 86_400,
            most_bytes=settings.log_rows_bytes,
            leave_out=settings.log_rows_leave_out.split(),
        )
    except ImportError:
        raise ServiceInvalid(
            f"SERVEWATCH_LOG_ROWS is {settings.log_rows}, and rows cannot be logged without pyarrow",
            "pip install 'servewatch[drift]', or unset SERVEWATCH_LOG_ROWS",
        ) from None
