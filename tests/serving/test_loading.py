from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from serving.errors import ServiceInvalid
from serving.loading import load_service

SERVICE = """
from serving import api, service

@service
class Echo:
    @api
    def say(self, text: str) -> str:
        return text

class Plain: ...
echo = Echo()
"""
_numbers = count()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """`write(source)` gives the name of a module of that source in the folder that we are in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    known = set(sys.modules)

    def make(source: str) -> str:
        name = f"written_for_loading_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    yield make
    for name in set(sys.modules) - known:
        if name.startswith("written_for_loading_"):
            del sys.modules[name]


def test_a_service_is_found_in_the_folder_that_we_are_in(write: Callable[[str], str]) -> None:
    """MODULE:NAME is imported from the current folder without any set-up."""
    assert load_service(f"{write(SERVICE)}:Echo").__name__ == "Echo"


@pytest.mark.parametrize(
    "target", ["", "module", "module:", ":Echo", "a..b:Echo", ".a:Echo", "a/b.py:Echo", "a b:Echo"]
)
def test_what_names_no_service_is_refused(target: str, write: Callable[[str], str]) -> None:
    """The error shows how a service is named."""
    with pytest.raises(ServiceInvalid, match="does not name a service") as caught:
        load_service(target)
    assert "MODULE:NAME" in caught.value.help


def test_a_module_that_is_not_there_is_named() -> None:
    """The error says where to run it."""
    with pytest.raises(ServiceInvalid, match=r"module 'nowhere\.at_all' cannot be imported") as caught:
        load_service("nowhere.at_all:Echo")
    assert caught.value.help == "run it where nowhere.at_all is"


def test_a_library_that_the_module_lacks_is_named(write: Callable[[str], str]) -> None:
    """Where the module is there and something that it needs is not, the help is about that."""
    with pytest.raises(ServiceInvalid, match="No module named 'library_of_nobody'") as caught:
        load_service(f"{write('import library_of_nobody.part')}:Echo")
    assert caught.value.help == "install what library_of_nobody comes from"


def test_a_name_that_is_no_class_gets_the_services_that_there_are(write: Callable[[str], str]) -> None:
    """A mistyped class name is answered with the right ones."""
    with pytest.raises(ServiceInvalid, match="has no class 'Missing'; it has Echo"):
        load_service(f"{write(SERVICE)}:Missing")


def test_an_instance_of_a_service_is_no_service(write: Callable[[str], str]) -> None:
    """The help says that the class is wanted."""
    with pytest.raises(ServiceInvalid, match="echo is an instance of Echo") as caught:
        load_service(f"{write(SERVICE)}:echo")
    assert "the class" in caught.value.help


def test_a_class_that_inherits_from_a_service_is_told_apart_from_it(write: Callable[[str], str]) -> None:
    """What is served under its name would be the other class."""
    with pytest.raises(ServiceInvalid, match="Louder'> is not a service, Echo that it inherits is"):
        load_service(f"{write(SERVICE + 'class Louder(Echo): ...')}:Louder")


def test_a_mistake_in_a_declaration_is_told_with_its_place(write: Callable[[str], str]) -> None:
    """File and line of the decorator, in the user's code and not in ours."""
    name = write("from serving import api\n\nclass Echo:\n    @api(pth='/x')\n    def say(self): ...\n")
    with pytest.raises(ServiceInvalid) as caught:
        load_service(f"{name}:Echo")
    assert caught.value.message == f"{name}.py:4: @api has no argument 'pth'"


def test_modules_that_import_each_other_are_told_as_such(write: Callable[[str], str]) -> None:
    """The error has the line that closed the circle, and the help says how to open it."""
    one = write("")
    two = write(f"from {one} import Echo\n")
    Path(f"{one}.py").write_text(f"import {two}\n{SERVICE}")
    with pytest.raises(ServiceInvalid, match=rf"{two}\.py:1: cannot import name 'Echo'.*circular import") as caught:
        load_service(f"{one}:Echo")
    assert "into a third" in caught.value.help


def test_a_name_that_a_library_does_not_have_is_told(write: Callable[[str], str]) -> None:
    """As a module that is not there is."""
    with pytest.raises(ServiceInvalid, match=r"\.py:1: cannot import name 'apii' from 'serving'") as caught:
        load_service(f"{write('from serving import apii')}:Echo")
    assert caught.value.help == "look for the right name in serving"


def test_a_class_without_the_decorator_is_refused(write: Callable[[str], str]) -> None:
    """The help says what is missing."""
    with pytest.raises(ServiceInvalid, match="Plain'> is not a service") as caught:
        load_service(f"{write(SERVICE)}:Plain")
    assert caught.value.help == "put @service on the class"


def test_errors_of_the_users_module_come_as_they_are(write: Callable[[str], str]) -> None:
    """A fault in the user's code keeps its traceback."""
    with pytest.raises(ZeroDivisionError):
        load_service(f"{write('1 / 0')}:Echo")
