from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from serving import Store

RANDOM = np.random.default_rng(9)
ROWS = RANDOM.normal(size=(300, 2)).astype(np.float32)
LABELS = np.where(ROWS[:, 0] > ROWS[:, 1], "left", "right")
SERVICE = """
import numpy as np
from serving import api, batched, service, use

@service
class Sides:
    model = use("sides")

    @batched
    def classify(self, rows):
        return ["left" if left > right else "right" for left, right in self.model(rows)]

    @batched
    def other(self, rows):
        return rows

    @api
    async def side(self, rows: list) -> list:
        return await self.classify(rows)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with the model `sides`, whose two logits are its two inputs; and a service of it."""
    monkeypatch.setenv("SERVEWATCH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    model = nn.Linear(2, 2)
    nn.init.eye_(model.weight)
    nn.init.zeros_(model.bias)
    torch.set_num_threads(1)
    sizes = {"in_features": 2, "out_features": 2}
    Store().save("sides:1", model, arguments=sizes, custom={"classes": ["left", "right"]})
    (tmp_path / "sides_service.py").write_text(SERVICE)
    lines = (f"{a},{b},{label}\n" for (a, b), label in zip(ROWS.tolist(), LABELS, strict=True))
    (tmp_path / "rows.csv").write_text("a,b,side\n" + "".join(lines))
    np.savez(tmp_path / "rows.npz", rows=ROWS, side=LABELS)
    return tmp_path


Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("file", ["rows.csv", "rows.npz"])
def test_a_reference_is_learnt_by_running_the_model(servewatch: Run, home: Path, file: str) -> None:
    """Inputs from the file, outputs from the model, accuracy from the labels; then it is beside the model."""
    code, out, err = servewatch("reference", "learn", file, "--model", "sides", "--labels", "side")
    assert (code, err) == (0, "")
    assert out == f"Learnt 5 features of sides:1; `SERVEWATCH_HOME={home} servewatch reference show sides:1`.\n"
    reference = Store().reference("sides")
    assert reference is not None
    assert set(reference.accuracy) == {1.0}
    assert reference.classes == ("left", "right")
    counts = {feature.name: feature.counts for feature in reference.features}
    assert counts["predicted_class"] == (int((LABELS == "left").sum()), int((LABELS == "right").sum()), 0, 0)


def test_a_model_whose_class_is_in_this_folder_is_run(
    home: Path, servewatch: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that the command is run in counts, though an installed command's own path does not have it."""
    (home / "beside.py").write_text("from torch import nn\n\n\nclass Same(nn.Identity):\n    pass\n")
    importlib.invalidate_caches()
    Store().save("same", importlib.import_module("beside").Same(), custom={"classes": ["left", "right"]})
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place not in ("", str(home))])
    monkeypatch.delitem(sys.modules, "beside")
    code, out, err = servewatch("reference", "learn", "rows.csv", "--model", "same", "--labels", "side")
    assert (code, err) == (0, "")
    assert out.startswith("Learnt 5 features of same:")


@pytest.mark.parametrize(
    ("row", "words", "told"),
    [
        ("0.5,n{}", ["--outputs", "a"], "help: give --leave-out COLUMN, once for each"),
        ("0.5,left", ["--labels", "b"], "help: save the model with custom={'classes': [...]}"),
    ],
)
def test_an_argument_that_is_missing_is_told_as_the_command_takes_it(
    home: Path, servewatch: Run, row: str, words: list[str], told: str
) -> None:
    """Who types a command is not told to call a function."""
    Store().save("unnamed", nn.Linear(1, 2), arguments={"in_features": 1, "out_features": 2})
    (home / "more.csv").write_text("\n".join(["a,b", *(row.format(number) for number in range(20))]))
    code, _, err = servewatch("reference", "learn", "more.csv", "--model", "unnamed", *words)
    assert (code, err.splitlines()[-1]) == (1, told)


def test_a_services_method_is_run_in_place_of_the_model(servewatch: Run) -> None:
    """What is learnt is what the service answers: names here, not probabilities."""
    words = ("reference", "learn", "rows.npz", "--model", "sides", "--labels", "side")
    assert servewatch(*words, "--service", "sides_service:Sides", "--method", "classify")[0] == 0
    reference = Store().reference("sides")
    assert reference is not None
    assert reference.extraction["outputs"] == {"kind": "classes"}


def test_of_a_method_that_answers_more_the_part_that_it_names_is_learnt(servewatch: Run, home: Path) -> None:
    """`outputs=` is what is watched, so it is what is learnt; a class with its confidence is not enough for that."""
    described = (
        SERVICE
        + """
    @batched(watch=True, outputs="shares")
    def described(self, rows):
        return [{"shares": row} for row in self.model(rows)]

    @batched(watch=True, outputs=("side", "sure"))
    def paired(self, rows):
        return [{"side": "left", "sure": 0.9} for row in rows]
"""
    )
    (home / "describing.py").write_text(described)
    words = ("reference", "learn", "rows.npz", "--model", "sides", "--labels", "side", "--service", "describing:Sides")
    assert servewatch(*words, "--method", "described")[0] == 0
    reference = Store().reference("sides")
    assert reference is not None
    assert reference.extraction["outputs"]["kind"] == "probabilities"
    code, _, err = servewatch(*words, "--method", "paired")
    assert code == 2
    assert "'paired' of describing:Sides answers a class and its confidence" in err


def test_outputs_that_are_in_the_file_need_no_model_to_be_run(servewatch: Run) -> None:
    """A column of answers is the outputs."""
    assert servewatch("reference", "learn", "rows.csv", "--model", "sides", "--outputs", "side")[0] == 0
    reference = Store().reference("sides")
    assert reference is not None
    assert [feature.name for feature in reference.features] == ["a", "b", "residual", "predicted_class"]


def test_a_reference_is_shown_as_a_table_and_as_json(servewatch: Run) -> None:
    """A line for each feature and for each bin of confidence; the JSON is the reference itself."""
    servewatch("reference", "learn", "rows.csv", "--model", "sides", "--labels", "side")
    reference = Store().reference("sides")
    assert reference is not None
    _, out, _ = servewatch("reference", "show", "sides")
    assert out.startswith(f"sides:1, reference {reference.hash}, learnt ")
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert lines["a"][:5] == ["a", "input", "300", "0.0%", "13"]
    assert lines["01"][3:] == ["30", "100.0%"]
    shown = json.loads(servewatch("reference", "show", "sides", "--json")[1])
    assert (shown["hash"], shown["model"], len(shown["features"])) == (reference.hash, "sides:1", 5)


def test_models_show_tells_of_the_reference(servewatch: Run) -> None:
    """Its hash, or that there is none."""
    assert "reference: none\n" in servewatch("models", "show", "sides")[1]
    servewatch("reference", "learn", "rows.csv", "--model", "sides", "--labels", "side")
    reference = Store().reference("sides")
    assert reference is not None
    assert f"reference: {reference.hash}\n" in servewatch("models", "show", "sides")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "sides"], "help: SERVEWATCH_HOME={home} servewatch reference learn DATA --model sides:1\n"),
        (["learn", "rows.csv", "--model", "side"], "model 'side' is not in the store; it has 'sides'"),
        (["learn", "rows.txt", "--model", "sides"], "rows.txt is no file that can be learnt from"),
        (["learn", "gone.csv", "--model", "sides"], "gone.csv is not a file"),
        (["learn", "broken.npz", "--model", "sides"], "broken.npz cannot be read"),
        (
            ["learn", "rows.csv", "--model", "sides", "--labels", "sid"],
            "the data has no column 'sid'; there are a, b, side",
        ),
        (["learn", "rows.csv", "--model", "sides"], "cannot be run on the column 'side', which holds no numbers"),
        (
            ["learn", "rows.npz", "--model", "sides", "--labels", "side", "--service", "sides_service:Sides"],
            "has 2 batched methods\nhelp: --method NAME, one of: classify, other",
        ),
    ],
)
def test_what_cannot_be_done_is_two_lines(home: Path, servewatch: Run, words: list[str], told: str) -> None:
    """The error says what, with the names that there are; nothing is attached."""
    (home / "broken.npz").write_bytes(b"PK\x03\x04nothing")
    code, _, err = servewatch("reference", *words)
    assert code in (1, 2)
    assert err.startswith("error: ")
    assert told.replace("{home}", str(home)) in err
    assert "Traceback" not in err
    assert Store().reference("sides") is None
