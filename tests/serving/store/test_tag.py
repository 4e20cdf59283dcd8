from __future__ import annotations

import pytest

from serving.store import Tag
from serving.store.tag import TagInvalid


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [("a", "a", "latest"), ("a:1", "a", "1"), ("a:", "a", "latest"), ("A_b-c.d:1.0+x", "A_b-c.d", "1.0+x")],
)
def test_a_tag_is_a_name_and_perhaps_a_version(text: str, name: str, version: str) -> None:
    """Without a version it is the latest."""
    tag = Tag.parse(text)
    assert (tag.name, tag.version, str(tag)) == (name, version, f"{name}:{version}")


@pytest.mark.parametrize("text", ["", ":1", "a/b", "..", "a:..", "a:/", ".a", "-a", "a" * 129, "a:b:c", "a\n", "ä"])
def test_what_cannot_be_a_folders_name_is_refused(text: str) -> None:
    """The error shows the part that is wrong, and what is accepted."""
    with pytest.raises(TagInvalid, match=r"cannot be a model's (name|version)") as caught:
        Tag.parse(text)
    assert "letters, digits" in caught.value.help
