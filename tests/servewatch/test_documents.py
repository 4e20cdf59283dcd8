"""The tables for readers hold all that is declared."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

import alerts
from alerts.adapters import ADAPTERS
from monitoring.catalogue import OWN, batching
from servewatch import documents
from serving.settings import PREFIX, Settings


def test_every_metric_recording_and_alert_is_documented_with_its_meaning() -> None:
    """No series is a secret."""
    text = documents.metrics()
    assert [metric.name for metric in OWN if f"`{metric.name}`" not in text or metric.help not in text] == []
    assert [name for name in (r.name for r in alerts.RECORDINGS) if f"`{name}`" not in text] == []
    assert [alert.name for alert in alerts.ALERTS if f"`{alert.name}`" not in text] == []


def test_every_setting_is_documented_with_its_default() -> None:
    """No option is a secret."""
    text = documents.settings()
    for option in fields(Settings):
        assert f"| `{PREFIX}{option.name.upper()}` | `{option.default}` | " in text


def test_an_edited_declaration_changes_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed help text or bucket makes the committed table stale, so that `generate --check` fails."""
    before = documents.metrics()
    for changed in (replace(batching.BATCH_SIZE, help="Other."), replace(batching.BATCH_SIZE, buckets=(1.0,))):
        monkeypatch.setattr(documents, "OWN", tuple(changed if m is batching.BATCH_SIZE else m for m in OWN))
        assert documents.metrics() != before


def test_every_adapter_is_documented_with_its_gaps() -> None:
    """Each server has a row with its kind and what it does not provide, its notes, and the metrics that are read."""
    text = documents.provided()
    for adapter in ADAPTERS:
        (row,) = [line for line in text.splitlines() if line.startswith(f"| {adapter.server} |")]
        assert f"`{adapter.kind}`" in row
        assert row.count("not provided") == len(adapter.gaps)
        assert [note for note in adapter.notes if note not in text] == []
        assert [metric.name for metric in adapter.metrics if f"`{metric.name}`" not in text] == []
