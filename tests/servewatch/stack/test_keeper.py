"""servewatch/stack/keeper.py: what hangs is ended where that harms no request."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servewatch.stack.keeper import HUNG_SECONDS, Keeper
from servewatch.stack.program import Program
from tests.servewatch.stack.stacks import PAUSE, wait_for

SILENCE = "no answer on http://127.0.0.1:9/: too slow"


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _keeper(folder: Path, stage: int, clock: Clock, said: list[str]) -> Keeper:
    program = Program("prometheus", (sys.executable, "-c", PAUSE), stage=stage)
    keeper = Keeper(program, folder, {}, said.append, clock)
    keeper.step()
    keeper.answered = True
    return keeper


@pytest.fixture(params=[1, 2], ids=["service", "watcher"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    made = _keeper(tmp_path, request.param, Clock(), [])
    try:
        yield made
    finally:
        made.kill()
        if made.child is not None:
            made.child.wait()


def test_what_watches_is_ended_once_it_was_silent_for_long_and_a_service_is_not(keeper: Keeper) -> None:
    """A minute without any answer ends Prometheus, which then starts again; a service may be busy and is left alone."""
    clock = keeper.clock
    assert isinstance(clock, Clock)
    keeper.heard(SILENCE)
    clock.now += HUNG_SECONDS - 1
    keeper.heard(SILENCE)
    assert not keeper.ended()
    clock.now += 1
    keeper.heard(SILENCE)
    if keeper.program.stage == 1:
        assert not keeper.ended()
    else:
        wait_for(lambda: keeper.ended() or None)


def test_an_answer_in_between_is_a_sign_of_life_even_where_it_is_a_refusal(keeper: Keeper) -> None:
    """Silence counts from the last answer on: one that says 503 is no silence."""
    clock = keeper.clock
    assert isinstance(clock, Clock)
    keeper.heard(SILENCE)
    clock.now += HUNG_SECONDS - 1
    keeper.heard("http://127.0.0.1:9/ answers 503: starting")
    clock.now += HUNG_SECONDS - 1
    keeper.heard(SILENCE)
    assert not keeper.ended()
    assert keeper.problem == SILENCE
