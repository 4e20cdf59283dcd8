"""The queries of the pages about models, drift and accuracy read what is declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.windows import Windows
from servewatch.check.declared import declared
from servewatch.check.lint import findings
from servewatch.check.reader import SCRAPE
from servewatch.check.sources import Query
from servewatch.console.watched import queries

TEXTS = ("models", "saved", "replicas", "rates", "drifted", "drifted_in", "critical", "bad", "reference", "minimum")


def _all() -> list[str]:
    found = queries(Windows())
    nested = [text for name in ("scores", "accuracy") for text in found[name].values()]  # type: ignore[attr-defined]
    return [*(str(found[name]) for name in TEXTS), *nested]


@pytest.mark.parametrize("text", _all())
def test_queries_are_those_of_declared_series(text: str) -> None:
    """`servewatch check` finds nothing wrong with what a page asks."""
    query = Query(Path("watched.py"), "a page", text, "panel")
    assert list(findings(query, declared(), SCRAPE)) == []


def test_series_of_one_feature_are_declared() -> None:
    """What a page narrows to one feature or model is a series that is recorded."""
    known = declared().series
    assert [name for name in queries(Windows())["series"].values() if name not in known] == []  # type: ignore[attr-defined]


def test_windows_are_those_of_the_settings() -> None:
    """A stack with other windows is asked about its own."""
    found = queries(Windows(step="1m", windows=("5m", "1h")))
    assert found["windows"] == ["5m", "1h"]
    assert found["memory"] == "10m"
