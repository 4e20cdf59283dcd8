"""servewatch/generate.py and its command: generated files are as generated, and nothing else lies beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts.objectives import ObjectiveInvalid
from dashboards import grafana
from servewatch.cli.generate import GeneratorMissing, generate, require
from servewatch.generate import ROOT, Difference, differences, files, write
from servewatch.stack import config


def test_the_files_of_this_checkout_are_as_generated():
    """Nothing is missing, differs or is an orphan: `servewatch generate` would change nothing."""
    assert differences(ROOT) == []


def test_generating_twice_gives_the_same():
    """What is generated does not depend on when."""
    assert files() == files()


def test_every_generated_file_says_so_at_its_beginning():
    """The first lines name the command, so that nobody edits what will be overwritten."""
    for path, text in files().items():
        assert "servewatch generate" in text[:600], path


def test_writing_makes_an_empty_folder_whole(tmp_path):
    """All files are missing in an empty folder, and after writing none is."""
    assert {difference.what for difference in differences(tmp_path)} == {"missing"}
    assert len(write(tmp_path)) == len(files())
    assert differences(tmp_path) == []
    assert write(tmp_path) == []


def test_objectives_are_those_of_the_folder_that_it_runs_in(tmp_path, monkeypatch):
    """slos.yml there takes the place of a default; what is wrong in it is refused."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slos.yml").write_text("shop: [availability 99.5%]\n")
    assert "vector(0.995)" in files()[Path("alerts/generated/slo.rules.yml")]
    (tmp_path / "slos.yml").write_text("shop: [latency 99% under 0.3s]\n")
    with pytest.raises(ObjectiveInvalid, match="is no bound of"):
        files()


@pytest.fixture
def written(tmp_path):
    """A folder in which everything is as generated."""
    write(tmp_path)
    return tmp_path


def test_an_edit_a_removal_and_an_orphan_are_each_found_and_mended(written):
    """Compared both ways: each difference has its name and path, and writing ends it."""
    rules, board = written / "alerts/generated/requests.rules.yml", written / "dashboards/generated/service.json"
    rules.write_text(rules.read_text().replace("for: 20s", "for: 2h"))
    board.unlink()
    orphan = written / "alerts/generated/old.rules.yml"
    orphan.write_text("groups: []\n")
    found = {str(difference.path): difference for difference in differences(written)}
    assert {path: difference.what for path, difference in found.items()} == {
        "alerts/generated/requests.rules.yml": "differs",
        "dashboards/generated/service.json": "missing",
        "alerts/generated/old.rules.yml": "orphan",
    }
    assert "-        for: 2h" in found["alerts/generated/requests.rules.yml"].detail
    write(written)
    assert differences(written) == []
    assert not orphan.exists()


def test_check_prints_each_difference_and_exits_with_1(written):
    """`generate --check` changes nothing, names the file, shows the lines, and says what to type."""
    rules = written / "alerts/generated/batching.rules.yml"
    rules.write_text(rules.read_text().replace("> 0.01", "> 0.5"))
    edited = rules.read_text()
    answer = CliRunner().invoke(generate, ["--check", "--to", str(written)])
    assert answer.exit_code == 1
    assert "alerts/generated/batching.rules.yml: differs" in answer.output
    assert "serving:shed:ratio_rate1m > 0.5" in answer.output
    assert "help: servewatch generate" in answer.output
    assert rules.read_text() == edited


def test_the_command_writes_and_then_has_nothing_to_do(tmp_path):
    """The first run names what it wrote; `--check` after it exits with 0."""
    first = CliRunner().invoke(generate, ["--to", str(tmp_path)])
    assert first.exit_code == 0
    assert "wrote alerts/generated/alertmanager.yml" in first.output
    assert CliRunner().invoke(generate, ["--check", "--to", str(tmp_path)]).exit_code == 0


def test_a_missing_library_is_named_with_what_to_install():
    """Without the extra's libraries the error names the library and the command that installs it."""
    with pytest.raises(GeneratorMissing, match="no_such_library is not installed\nhelp: pip install"):
        require("no_such_library")


def test_alerts_load_neither_the_dashboards_library_nor_a_server():
    """`import alerts` is light: no grafanalib, no web framework, no numpy, no torch."""
    code = "import sys, alerts, alerts.alertmanager; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    modules = set(loaded.stdout.split())
    assert "alerts.requests" in modules
    assert not modules & {"grafanalib", "fastapi", "numpy", "torch", "serving"}


def test_grafana_is_told_the_interval_at_which_prometheus_scrapes():
    """The interval in Grafana's data source is the stack's own, so that `$__rate_interval` fits."""
    assert grafana.SCRAPE_INTERVAL == config.INTERVAL


def test_a_difference_is_a_value():
    """Differences compare by what they say, so that a list of them can be asserted."""
    path = next(iter(files()))
    assert Difference(path, "missing") == Difference(path, "missing")
