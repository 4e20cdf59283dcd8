"""Labels from a file, sent to a service's POST /feedback in pieces, and what became of them."""

from __future__ import annotations

import csv
import http.client
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from serving.errors import ServewatchError

PATH = "/feedback"
PIECE = 1000
MOST_TOLD = 10
TRIES = 5
FORMATS = {".csv": "csv", ".json": "json", ".jsonl": "ndjson", ".ndjson": "ndjson"}


class LabelsInvalid(ServewatchError):
    """The file does not hold labels."""

    code = "labels_invalid"


class FeedbackFailed(ServewatchError):
    """The service did not take the labels."""

    code = "feedback_failed"
    status = 0
    """What it answered; 0 where it did not."""


@dataclass
class Sent:
    """What became of a file's labels."""

    counted: int = 0
    correct: int = 0
    unlabelled: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Whether each label was counted, now or before."""
        return self.rejected.total() == self.rejected["duplicate"]

    def add(self, places: list[int], receipt: dict[str, Any]) -> None:
        """Count a piece in; its problems are told by their places in the file."""
        self.counted += receipt["counted"]
        self.correct += receipt["correct"]
        self.rejected.update({reason: count for reason, count in receipt["rejected"].items() if count})
        told = [{**problem, "item": places[problem["item"]]} for problem in receipt["problems"]]
        self.problems = [*self.problems, *told][:MOST_TOLD]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**vars(self), "rejected": dict(self.rejected)}

    def lines(self) -> Iterator[str]:
        """For people."""
        share = f", {self.correct / self.counted:.1%} of their predictions right" if self.counted else ""
        yield f"{self.counted} labels counted{share}."
        if self.unlabelled:
            yield f"{self.unlabelled} rows had no label yet."
        for reason, count in self.rejected.most_common():
            yield f"{count} not counted: {reason}."
        for problem in self.problems:
            if problem["reason"] != "duplicate":
                yield f"  line {problem['item']}: {problem['message']}"


def read(name: str, data: bytes, columns: tuple[str, str, str]) -> list[tuple[int, dict[str, Any]]]:
    """The labels of a file, each with its line (in JSON its place), from the columns for id, label and row."""
    how = FORMATS.get(Path(name).suffix.lower(), "csv")
    try:
        found = list(_rows(how, data.decode("utf-8-sig"), columns))
    except (UnicodeDecodeError, orjson.JSONDecodeError, csv.Error) as error:
        raise LabelsInvalid(f"{name} cannot be read as {how}: {error}", "CSV, JSON and ndjson are taken") from None
    for line, row in found:
        if not isinstance(row, dict) or "id" not in row or "label" not in row:
            wanted = f"the columns {columns[0]!r} and {columns[1]!r}"
            raise LabelsInvalid(f"{name}, line {line}: not {wanted}", "--id-column and --label-column name others")
    return [
        (line, {key: row[key] for key in ("id", "label", "row") if row.get(key) is not None}) for line, row in found
    ]


def _rows(how: str, text: str, columns: tuple[str, str, str]) -> Iterator[tuple[int, Any]]:
    if how == "csv":
        reader = csv.DictReader(io.StringIO(text), strict=True)
        for row in reader:
            yield reader.line_num, _cells(row, columns)
    elif how == "ndjson":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield number, _named(orjson.loads(line), columns)
    else:
        found = orjson.loads(text)
        for number, one in enumerate(found if isinstance(found, list) else [found], 1):
            yield number, _named(one, columns)


def _cells(row: dict[str, Any], columns: tuple[str, str, str]) -> dict[str, Any]:
    """A line of CSV; an empty cell says nothing."""
    found = {key: row[name] for key, name in zip(("id", "label", "row"), columns, strict=True) if name in row}
    found = {key: value or None for key, value in found.items()}
    if (number := found.get("row")) is not None and number.isdecimal():
        found["row"] = int(number)
    return found


def _named(value: Any, columns: tuple[str, str, str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: value[name] for key, name in zip(("id", "label", "row"), columns, strict=True) if name in value}


def send(
    url: str, labels: Iterable[tuple[int, dict[str, Any]]], wait: Callable[[float], object], piece: int = PIECE
) -> Sent:
    """Send labels; those whose label is not there yet are left out and counted."""
    sent = Sent()
    known = []
    for line, item in labels:
        if "label" in item and "id" in item:
            known.append((line, item))
        else:
            sent.unlabelled += 1
    for start in range(0, len(known), piece):
        some = known[start : start + piece]
        sent.add([line for line, _ in some], _post(url, [item for _, item in some], wait))
    return sent


def _post(url: str, items: list[dict[str, Any]], wait: Callable[[float], object]) -> dict[str, Any]:
    """One piece; a service that is busy is asked again, one whose limit it is over in halves."""
    for _ in range(TRIES):
        status, headers, content = _exchange(url, orjson.dumps(items))
        if status == 503:
            after = headers.get("retry-after", "")
            wait(min(float(after), 30.0) if after.isdecimal() else 1.0)
            continue
        break
    if status == 413 and len(items) > 1:
        return _halves(url, items, wait)
    if status != 200:
        failed = FeedbackFailed(f"{url}{PATH} answered {status}: {_said(content)}", _help(status))
        failed.status = status if status != 503 else 0
        raise failed
    receipt: dict[str, Any] = orjson.loads(content)
    return receipt


def _halves(url: str, items: list[dict[str, Any]], wait: Callable[[float], object]) -> dict[str, Any]:
    middle = len(items) // 2
    first, second = _post(url, items[:middle], wait), _post(url, items[middle:], wait)
    later = [{**problem, "item": problem["item"] + middle} for problem in second["problems"]]
    rejected = {reason: count + second["rejected"][reason] for reason, count in first["rejected"].items()}
    counts = {key: first[key] + second[key] for key in ("counted", "correct")}
    return {**counts, "rejected": rejected, "problems": [*first["problems"], *later]}


def _exchange(url: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    made = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = made(parts.hostname or "127.0.0.1", parts.port, timeout=30)
    try:
        connection.request("POST", parts.path.rstrip("/") + PATH, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise FeedbackFailed(f"no answer from {url}: {error}", "--url names the service") from None
    finally:
        connection.close()


def _said(content: bytes) -> str:
    try:
        said: str = orjson.loads(content)["error"]["message"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        said = content[:200].decode("utf-8", "replace")
    return said


def _help(status: int) -> str:
    return (
        "a service takes labels where a model is watched: @batched(watch=True)" if status == 404 else "--url names it"
    )
