"""Evidently's report of a model's sampled rows beside its reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from monitoring import sampling
from monitoring.reference import Extractor, Feature, ReferenceInvalid, extractor
from monitoring.reference.extractor import Extracted
from servewatch.learning import LearningFailed, Run, chunks
from serving.errors import ServewatchError
from serving.rows import folder
from serving.settings import Settings
from serving.store.model import ModelInfo

MOST_ROWS = 10_000


class ReportFailed(ServewatchError):
    """There is nothing to report of, or nothing to report with."""

    code = "report_failed"


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ReportFailed(f"the report needs {error.name}", "pip install 'servewatch[drift]'") from None
    return pandas


def live(settings: Settings, info: ModelInfo, extract: Extractor) -> Any:
    """The rows that the services of this home have sampled of a model, as a data frame."""
    pandas, where = _pandas(), folder(settings, info)
    found = list(sampling.files(where, extract.reference.hash))
    if not found:
        raise ReportFailed(
            f"no row of {info.tag} with its reference {extract.reference.hash} was logged in {where}",
            "start the service with SERVEWATCH_LOG_ROWS=10000, and send it traffic",
        )
    frames = [pandas.read_parquet(path) for path in found]
    return pandas.concat(frames, ignore_index=True).drop(columns=sampling.TIME)


def of_data(extract: Extractor, path: Path, run: Run | None, outputs: str | None, labels: str | None) -> Any:
    """The features of a file's rows, made as they are of live ones."""
    pandas = _pandas()
    try:
        parts = [
            pandas.DataFrame(sampling.columns(extract, extract(data, made)))
            for data, made, _ in chunks(path, run, outputs, labels)
        ]
    except ReferenceInvalid as error:
        raise LearningFailed(str(error)) from None
    return pandas.concat(parts, ignore_index=True)


def of_reference(extract: Extractor) -> Any:
    """Rows that fill the reference's bins as its own did: features are right one by one, rows mean nothing."""
    pandas = _pandas()
    rows = min(MOST_ROWS, max(feature.rows for feature in extract.reference.features))
    numbers = np.array([list(_numbers(feature, rows)) for feature in extract.numbers]).reshape(-1, rows).T
    codes = np.array([_codes(feature, rows) for feature in extract.categories], dtype=np.intp).reshape(-1, rows).T
    return pandas.DataFrame(sampling.columns(extract, Extracted(numbers.astype(extract.dtype), codes)))


def _codes(feature: Feature, rows: int) -> Any:
    """As many of each bin as its share, to the nearest row."""
    ends = np.round(np.cumsum(feature.counts) / max(1, feature.rows) * rows).astype(int)
    return np.searchsorted(ends, np.arange(rows), side="right")


def _numbers(feature: Feature, rows: int) -> Iterator[float]:
    """Evenly between the edges of each bin; a bin that holds its upper edge alone has just that."""
    edges = [feature.edges[0], *feature.edges, feature.edges[-1]]
    alone = np.isclose(feature.middles, edges[1:], rtol=1e-6, atol=0) if feature.middles else np.zeros(len(edges) - 1)
    places, counts = np.unique(_codes(feature, rows), return_counts=True)
    for place, count in zip(places.tolist(), counts.tolist(), strict=True):
        if place == len(feature.bins) - 1:
            yield from [float("nan")] * count
        elif alone[place]:
            yield from [edges[place + 1]] * count
        else:
            yield from (np.linspace(edges[place], edges[place + 1], count + 1)[1:]).tolist()


def write(current: Any, reference: Any, out: Path) -> None:
    """Make Evidently's report of drift and write it as one HTML file that needs no network."""
    try:
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset, DataSummaryPreset
    except ImportError as error:
        raise ReportFailed(f"the report needs {error.name}", "pip install 'servewatch[drift]'") from None
    shared = [name for name in reference.columns if name in current.columns]
    numeric = [name for name in shared if reference[name].dtype.kind == "f"]
    definition = DataDefinition(
        numerical_columns=numeric, categorical_columns=[name for name in shared if name not in numeric]
    )
    both = [Dataset.from_pandas(frame[shared], definition) for frame in (current, reference)]
    with np.errstate(all="ignore"):
        Report([DataDriftPreset(), DataSummaryPreset()]).run(*both).save_html(str(out))


def report(info: ModelInfo, current: Any, reference: Any, out: Path) -> str:
    """Write the report; what was compared is told in a sentence."""
    write(current, reference, out)
    return f"Wrote {out}: {len(current)} logged rows of {info.tag} beside {len(reference)} of its reference."


def extractor_of(info: ModelInfo, reference: Any) -> Extractor:
    """How the model's features are made."""
    if reference is None:
        raise ReportFailed(f"{info.tag} has no reference", f"servewatch reference learn DATA --model {info.tag}")
    return extractor(reference)
