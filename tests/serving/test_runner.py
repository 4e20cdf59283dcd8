from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Histogram

from serving.errors import RunnerFailed, UnfitInput
from serving.runner import Job, Runner, join


class Bench:
    """Runners over one histogram, and a way to run jobs on them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.histogram = Histogram("seconds", "s", registry=self.registry)
        self.loop = asyncio.new_event_loop()
        self.runners: list[Runner] = []

    def runner(self, function: Callable[[Any], Any], **options: Any) -> Runner:
        self.runners.append(runner := Runner("classify", function, self.histogram, **options))
        return runner

    def run(self, runner: Runner, *values: Any) -> list[Job]:
        """The jobs of these values, run as one batch."""
        jobs = [Job(value, runner.rows(value), self.loop.create_future(), 0.0) for value in values]
        done: SimpleQueue[list[Job]] = SimpleQueue()
        runner.start(jobs, done.put)
        return done.get(timeout=10)

    @property
    def calls(self) -> float | None:
        return self.registry.get_sample_value("seconds_count")


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    for runner in bench.runners:
        runner.close()
    bench.loop.close()


def refuse_negative(rows: Any) -> Any:
    if np.asarray(rows).min() < 0:
        raise ValueError("a secret")
    return np.asarray(rows) + 1


def test_arrays_are_joined_for_one_call_and_split_for_the_requests(bench: Bench) -> None:
    """Three requests of 1, 2 and 3 rows are one call of 6 rows; each gets its own back."""
    seen: list[tuple[int, ...]] = []

    def double(rows: Any) -> Any:
        seen.append(rows.shape)
        return rows * 2

    jobs = bench.run(bench.runner(double), np.ones((1, 4)), np.full((2, 4), 2.0), np.full((3, 4), 3.0))
    assert seen == [(6, 4)]
    assert [job.result.tolist() for job in jobs] == [[[2.0] * 4], [[4.0] * 4] * 2, [[6.0] * 4] * 3]


def test_lists_are_joined_and_split_too(bench: Bench) -> None:
    """Rows that are not arrays, such as texts, are batched as a list."""
    jobs = bench.run(bench.runner(lambda texts: [text.upper() for text in texts]), ["a", "b"], ["c"])
    assert [job.result for job in jobs] == [["A", "B"], ["C"]]


def test_join_of_one_request_copies_nothing() -> None:
    """A batch of one request is the request's own array."""
    alone = np.ones(3)
    assert join([alone]) is alone


def test_a_bad_row_fails_its_own_request_only(bench: Bench) -> None:
    """Where a batch raises, its requests are run alone: the good ones are answered."""
    good, bad, other = bench.run(bench.runner(refuse_negative), np.array([1]), np.array([-1]), np.array([2]))
    assert (good.result.tolist(), other.result.tolist()) == ([2], [3])
    assert isinstance(bad.error, RunnerFailed)
    assert (good.error, other.error) == (None, None)


def test_a_client_learns_the_class_of_an_error_and_no_more(bench: Bench) -> None:
    """The message of a user's error stays in the log."""
    (job,) = bench.run(bench.runner(refuse_negative), np.array([-1]))
    assert job.error is not None
    assert str(job.error) == "'classify' failed: ValueError\nhelp: the service's log has the traceback"


def test_errors_of_ours_pass_as_they_are(bench: Bench) -> None:
    """A method may refuse its input with an error that the client understands."""
    refusal = UnfitInput("the picture is empty")

    def refuse(rows: Any) -> Any:
        raise refusal

    (job,) = bench.run(bench.runner(refuse), [1])
    assert job.error is refusal


@pytest.mark.parametrize(
    ("answer", "came"), [([1, 2], "2 rows"), (7, "an int"), (None, "a NoneType"), (np.array(1.0), "an ndarray")]
)
def test_an_answer_that_is_not_a_row_for_each_names_both_counts(bench: Bench, answer: Any, came: str) -> None:
    """A function that answers something else than a row for each row is told what it was given and answered."""
    (job,) = bench.run(bench.runner(lambda rows: answer), [1, 2, 3])
    assert isinstance(job.error, RunnerFailed)
    assert job.error.message == f"'classify' was given 3 rows and answered {came}"


def test_a_wrong_count_in_a_batch_never_gives_one_request_anothers_rows(bench: Bench) -> None:
    """A function that drops a row fails the request whose row it dropped; the others keep their own."""
    jobs = bench.run(bench.runner(lambda rows: [row for row in rows if row != 2]), [1], [2], [3])
    assert [job.result for job in jobs] == [[1], None, [3]]
    assert isinstance(jobs[1].error, RunnerFailed)


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_not_even_system_exit_ends_the_thread(bench: Bench, raised: BaseException) -> None:
    """User code that tries to exit fails its request; the runner lives and serves the next."""

    def leave_at_zero(rows: Any) -> Any:
        if rows[0] == 0:
            raise raised
        return rows

    runner = bench.runner(leave_at_zero)
    (job,) = bench.run(runner, [0])
    assert isinstance(job.error, RunnerFailed)
    assert type(raised).__name__ in job.error.message
    assert bench.run(runner, [5])[0].result == [5]
    assert runner.alive


def test_each_call_is_timed_once(bench: Bench) -> None:
    """A batch is one observation; a batch that fails and is run request by request is one for each call."""
    runner = bench.runner(refuse_negative)
    bench.run(runner, np.array([1]), np.array([2]))
    assert bench.calls == 1
    bench.run(runner, np.array([1]), np.array([-1]))
    assert bench.calls == 4


def test_the_duration_is_the_clocks(bench: Bench) -> None:
    """What is observed is the time between the call's start and its end."""
    ticks = iter([10.0, 10.5])
    bench.run(bench.runner(lambda rows: rows, clock=lambda: next(ticks)), [1])
    assert bench.registry.get_sample_value("seconds_sum") == 0.5


def test_without_batch_the_function_gets_the_value_itself(bench: Bench) -> None:
    """A plain method's runner passes the request through, and its answer back, whatever it is."""
    runner = bench.runner(lambda value: {"got": value}, batch=False)
    assert runner.rows("anything") == 1
    assert bench.run(runner, "text")[0].result == {"got": "text"}


def test_threads_run_side_by_side(bench: Bench) -> None:
    """Two threads are inside the function at the same time."""
    barrier = threading.Barrier(2, timeout=10)
    runner = bench.runner(lambda value: barrier.wait(), batch=False, threads=2)
    done: SimpleQueue[list[Job]] = SimpleQueue()
    for _ in range(2):
        runner.start([Job("v", 1, bench.loop.create_future(), 0.0)], done.put)
    assert sorted(done.get(timeout=10)[0].result for _ in range(2)) == [0, 1]


def test_a_closed_runner_is_not_alive(bench: Bench) -> None:
    """Closing ends the threads, after what was handed to them."""
    runner = bench.runner(lambda rows: rows)
    assert runner.alive
    runner.close()
    assert not runner.alive


def test_what_has_no_rows_is_refused_with_what_came(bench: Bench) -> None:
    """A batched method called without rows says what it takes."""
    with pytest.raises(RunnerFailed, match=r"'classify' takes rows \(an array or a list\), got int"):
        bench.runner(lambda rows: rows).rows(5)
