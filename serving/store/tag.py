"""Tags: `name`, `name:version` or `name:latest`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from serving.errors import ServewatchError

LATEST = "latest"
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,127}\Z")


class TagInvalid(ServewatchError):
    """A model's name or version has characters that cannot be a folder's name everywhere."""

    code = "tag_invalid"


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """A model's name and version."""

    name: str
    version: str = LATEST

    def __post_init__(self) -> None:
        """Refuse what could leave the store's folder."""
        for part, value in (("name", self.name), ("version", self.version)):
            if not _PART.match(value):
                raise TagInvalid(
                    f"{value!r} cannot be a model's {part}",
                    "letters, digits and _ . + - are accepted, beginning with a letter or digit",
                )

    @classmethod
    def parse(cls, text: str) -> Tag:
        """Read `name` or `name:version`."""
        name, _, version = text.partition(":")
        return cls(name, version or LATEST)

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"
