from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from servewatch.stack.errors import StackError
from servewatch.stack.rolling import update


@dataclass
class Containers:
    """An engine that keeps containers in a list, and notes how few were ready at once."""

    names: list[str]
    starts: bool = True
    least: int = 99
    most: int = 0
    removed: list[str] = field(default_factory=list)
    made: int = 0
    stopped: list[str] = field(default_factory=list)

    def replicas(self) -> list[str]:
        return list(self.names)

    def halted(self) -> list[str]:
        return list(self.stopped)

    def scale(self, replicas: int) -> bool:
        while len(self.names) < replicas and self.stopped:
            self.names.append(self.stopped.pop())
        while len(self.names) < replicas:
            self.made += 1
            self.names.append(f"new-{self.made}")
        self.most = max(self.most, len(self.names))
        return self.starts

    def remove(self, container: str, grace: int) -> None:
        (self.names if container in self.names else self.stopped).remove(container)
        self.removed.append(container)
        self.least = min(self.least, len(self.names))


def test_every_container_is_replaced_and_there_are_never_fewer() -> None:
    """Each old one goes after a new one is ready: three are there all the time, and four at most."""
    engine = Containers(["old-1", "old-2", "old-3"])
    assert update(engine, [].append) == 3
    assert engine.names == ["new-1", "new-2", "new-3"]
    assert engine.removed == ["old-1", "old-2", "old-3"]
    assert (engine.least, engine.most) == (3, 4)


def test_one_that_does_not_run_is_replaced_and_not_started_as_it_was() -> None:
    """A crashed replica of the old version counts as one to have, and is not taken for a new one."""
    engine = Containers(["old-1"], stopped=["old-2"])
    assert update(engine, [].append) == 2
    assert engine.names == ["new-1", "new-2"]
    assert engine.removed == ["old-2", "old-1"]


def test_several_at_a_time_go_faster_and_need_more() -> None:
    """With a surge of two, two rounds replace three containers."""
    engine = Containers(["old-1", "old-2", "old-3"])
    update(engine, [].append, surge=2)
    assert (engine.names, engine.most) == (["new-1", "new-2", "new-3"], 5)


def test_another_number_of_replicas_is_reached() -> None:
    """More or fewer than before, when so many are wanted."""
    for wanted in (1, 4):
        engine = Containers(["old-1", "old-2"])
        assert update(engine, [].append, wanted) == wanted
        assert len([name for name in engine.names if name.startswith("new")]) == wanted


def test_a_version_that_does_not_start_changes_nothing() -> None:
    """Its container is removed, every old one goes on, and the error says what to type next."""
    engine = Containers(["old-1", "old-2"], starts=False)
    with pytest.raises(StackError, match="did not become ready") as error:
        update(engine, [].append)
    assert engine.names == ["old-1", "old-2"]
    assert "servewatch update" in error.value.help


def test_nothing_to_update_is_told() -> None:
    """Without a serving container there is nothing to replace."""
    with pytest.raises(StackError, match="no serving container runs"):
        update(Containers([]), [].append)
