"""The guide's code runs, one block after the other, and gives what the guide says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from monitoring.reference import Options, Reference
from servewatch.cli import COMMANDS

GUIDE = Path(__file__).parents[3] / "monitoring" / "REFERENCE.md"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the blocks define."""
    found: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        exec(compile(code, GUIDE.name, "exec"), found)
    return found


def test_what_is_learnt_has_the_features_that_the_guide_lists(names: dict[str, Any]):
    """A number, a category, and the two outputs; one number alone has no residual."""
    assert [f.name for f in names["reference"].features] == ["age", "city", "confidence", "predicted_class"]
    assert names["names"] == (["age", "confidence"], ["city", "predicted_class"])
    assert names["again"] == names["reference"]


def test_merged_learners_are_as_one(names: dict[str, Any]):
    """The two halves give the bins of the whole."""
    merged: Reference = names["merged"]
    assert merged.features == names["reference"].features


def test_a_value_out_of_the_reference_is_other(names: dict[str, Any]):
    """Oslo was in no row, 97 is above all; added, both are one row more."""
    today, both = names["today"], names["both"]
    assert (today.features[0].counts[-2], today.features[1].counts[-2]) == (1, 1)
    assert both.features[0].rows == 5002


def test_estimated_accuracy_is_the_share_of_right_answers(names: dict[str, Any]):
    """On the reference's own rows, to the last digit that is kept."""
    right = (names["probabilities"].argmax(axis=1) == names["labels"]).mean()
    assert names["estimated"] == pytest.approx(right, abs=1e-5)


def test_the_guide_names_options_and_commands_that_there_are():
    """What is typed as it stands works."""
    text = GUIDE.read_text()
    options = set(re.findall(r"`([a-z]\w*)=", text)) - {"reference"}
    assert options <= set(Options.__dataclass_fields__)
    assert {line.split()[1] for line in re.findall(r"^servewatch .*", text, re.MULTILINE)} <= COMMANDS.keys()
