"""The shape of the code, as the design page has it: who imports whom, what is confined, how long things are."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINE = ("monitoring", "serving", "alerts", "dashboards", "servewatch")
"""Each of these imports only those that stand before it, and itself."""

HEADINGS = ["What is here", "Add one", "Test it"]
READMES = sorted(
    str(path.relative_to(ROOT))
    for folder in (*LINE, "examples", "tests")
    for path in (ROOT / folder).rglob("README.md")
    if "node_modules" not in path.parts
)
CONFINED = {
    "torch": r"serving/store/frameworks/pytorch\w*\.py|serving/runner\.py",
    "grafanalib": r"dashboards/\w+\.py",
    "promql_parser": r"servewatch/check/\w+\.py|servewatch/check\.py|alerts/\w+\.py",
    "click": r"servewatch/cli/\w+\.py",
    "subprocess": r"servewatch/stack/.+\.py",
    "fastapi": r"serving/frame\.py|monitoring/instrument/.+|monitoring/instrument\.py|servewatch/.+",
}
"""Where alone a library may be imported."""

ONE_FILE = ("grafanalib",)
"""What a single file wraps for all."""


@cache
def sources() -> dict[str, ast.Module]:
    """Every Python file of the packages, the examples and the tests, by its path."""
    folders = (*LINE, "examples", "tests")
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(), str(path))
        for path in paths
        if not {"__pycache__", "node_modules", "generated"} & set(path.parts)
    }


def product() -> dict[str, ast.Module]:
    """The files of the five packages."""
    return {path: tree for path, tree in sources().items() if path.partition("/")[0] in LINE}


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the whole name of each module that is imported, anywhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The name and the number of lines of each function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_imports_keep_to_the_line() -> None:
    """What stands left never imports what stands right: monitoring, serving, alerts, dashboards, servewatch."""
    against = [
        f"{path}:{number} imports {name}"
        for path, tree in product().items()
        for number, name in imports(tree)
        if (top := name.partition(".")[0]) in LINE and LINE.index(top) > LINE.index(path.partition("/")[0])
    ]
    assert against == []


def test_the_packages_import_neither_examples_nor_tests() -> None:
    """What is installed does not need what is not: the demo service is named in text, and imported when it runs."""
    found = [
        f"{path}:{number} imports {name}"
        for path, tree in product().items()
        for number, name in imports(tree)
        if name.partition(".")[0] in ("examples", "tests")
    ]
    assert found == []


def test_alerts_and_dashboards_need_only_the_catalogue_of_what_stands_left() -> None:
    """Generating reads declarations, and nothing heavy."""
    found = [
        f"{path}:{number} imports {name}"
        for path, tree in product().items()
        if path.startswith(("alerts/", "dashboards/"))
        for number, name in imports(tree)
        if name.partition(".")[0] in ("monitoring", "serving") and not name.startswith("monitoring.catalogue")
    ]
    assert found == []


@pytest.mark.parametrize("library", CONFINED)
def test_a_confined_library_is_imported_where_it_belongs(library: str) -> None:
    """A library that is wrapped is used through the wrapper."""
    found = {path for path, tree in product().items() for _, name in imports(tree) if name.partition(".")[0] == library}
    assert sorted(path for path in found if not re.fullmatch(CONFINED[library], path)) == []
    assert library not in ONE_FILE or len(found) <= 1


def test_the_runner_imports_torch_within_functions_only() -> None:
    """The runner can be imported where PyTorch is not installed."""
    top = {name.partition(".")[0] for node in sources()["serving/runner.py"].body for _, name in imports_of(node)}
    assert "torch" not in top


def imports_of(node: ast.stmt) -> Iterator[tuple[int, str]]:
    """The imports of one statement at a module's top."""
    return imports(node) if isinstance(node, ast.Import | ast.ImportFrom) else iter(())


def test_only_the_settings_read_the_environment() -> None:
    """os.environ and os.getenv stand in serving/settings.py alone."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in product().items()
        if path != "serving/settings.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv")
        if isinstance(node.value, ast.Name) and node.value.id == "os"
    ]
    assert found == []


def test_validation_never_asserts() -> None:
    """`python -O` takes no check away."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in product().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
    ]
    assert found == []


@pytest.mark.parametrize("package", ["monitoring", "serving", "servewatch.cli", "alerts"])
def test_importing_a_package_imports_nothing_heavy(package: str) -> None:
    """No PyTorch, no scikit-learn, no grafanalib comes with an import; `monitoring` brings no web framework either."""
    heavy = ["torch", "sklearn", "scipy", "pandas", "grafanalib"]
    if package in ("monitoring", "alerts"):
        heavy += ["fastapi", "starlette", "uvicorn", "flask"]
    code = f"import sys, {package}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_no_file_is_longer_than_350_lines_and_the_median_is_at_most_140() -> None:
    """Files can be read whole."""
    lengths = {path: (ROOT / path).read_text().count("\n") for path in sources()}
    assert {path: length for path, length in lengths.items() if length > 350} == {}
    assert statistics.median(lengths[path] for path in product()) <= 140


def test_no_function_is_longer_than_50_lines_and_nearly_all_are_under_30() -> None:
    """Functions can be seen whole."""
    found = [(length, f"{path} {name}") for path, tree in sources().items() for name, length in functions(tree)]
    assert sorted(entry for entry in found if entry[0] > 50) == []
    assert sum(length < 30 for length, _ in found) / len(found) > 0.95


def test_every_test_states_the_fact_that_it_proves() -> None:
    """Each test has a docstring, and something in it that can fail."""
    bare = [
        f"{path} {node.name}"
        for path, tree in sources().items()
        if path.startswith("tests/")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if not ast.get_docstring(node)
    ]
    assert bare == []


@pytest.mark.parametrize("readme", READMES)
def test_a_folders_readme_is_short_and_has_the_three_headings(readme: str) -> None:
    """What is here, how to add one, how to test it, in at most 40 lines."""
    text = (ROOT / readme).read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert text.count("\n") <= 40


@pytest.mark.parametrize("folder", [*LINE, "examples"])
def test_each_folder_has_a_readme(folder: str) -> None:
    """Every package explains itself, and so do the examples."""
    assert (ROOT / folder / "README.md").is_file()


def test_each_package_says_that_it_is_typed() -> None:
    """py.typed is there for each of the five."""
    assert [package for package in LINE if not (ROOT / package / "py.typed").is_file()] == []
