"""Files as data that remembers on which line each text stands, and a problem where a file cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


class Text(str):
    """A text of a file, and the line on which it begins."""

    line: int

    def __new__(cls, text: str, line: int) -> Text:
        made = super().__new__(cls, text)
        made.line = line
        return made


class _Loader(yaml.SafeLoader):
    """Reads YAML and keeps lines."""


def _text(loader: _Loader, node: yaml.ScalarNode) -> Text:
    # A block begins on the line after its sign.
    return Text(loader.construct_scalar(node), node.start_mark.line + (2 if node.style in ("|", ">") else 1))


_Loader.add_constructor("tag:yaml.org,2002:str", _text)


def read(path: Path) -> Any:
    """Read a file of JSON or YAML; raises ValueError, with the place, where it is none."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return _Json(text).read()
    try:
        return yaml.load(text, Loader=_Loader)  # it is the safe loader, and keeps lines
    except yaml.YAMLError as failed:
        raise ValueError(" ".join(str(failed).split())) from failed


class _Json:
    """JSON whose queries know their lines: a text's line is that of its next place in the file."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.seen: dict[str, int] = {}

    def read(self) -> Any:
        return self._located(json.loads(self.text))

    def _located(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._located(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._located(inner) for inner in value]
        return Text(value, self._line(value)) if isinstance(value, str) else value

    def _line(self, value: str) -> int:
        for written in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
            at = self.text.find(written, self.seen.get(written, 0))
            if at >= 0:
                self.seen[written] = at + len(written)
                return self.text.count("\n", 0, at) + 1
        return 0


def line_of(value: Any) -> int:
    """The line of a text that was read; 0 where it is not known."""
    return value.line if isinstance(value, Text) else 0
