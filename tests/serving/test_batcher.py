from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from serving.batcher import OUTCOMES, REASONS, Batcher, decide
from serving.brevity import ENOUGH
from serving.errors import QueueFull, RunnerFailed
from tests.serving.held import LIMITS, Bench, Held, rows


@pytest.mark.parametrize(
    ("waiting", "age", "arriving", "draining", "reason"),
    [
        (0, 0.0, False, False, None),
        (0, 9.0, True, True, None),
        (1, 0.0, False, False, "idle"),
        (1, 0.0, True, False, None),
        (7, 0.009, True, False, None),
        (7, 0.01, True, False, "timeout"),
        (8, 0.0, True, False, "full"),
        (9, 9.0, True, False, "full"),
        (1, 0.0, True, True, "drain"),
        (8, 9.0, True, True, "drain"),
    ],
)
def test_decide(waiting: int, age: float, arriving: bool, draining: bool, reason: str | None) -> None:
    """A free runner takes a batch that is full, old enough or alone, and all that waits when it drains."""
    assert decide(waiting, age, arriving, draining, LIMITS) == reason


def test_every_series_is_there_at_0_from_the_start(bench: Bench) -> None:
    """Each outcome, each reason, both gauges and all histograms are exposed before the first request."""

    async def scenario(batcher: Batcher) -> None:
        assert [bench.value("servewatch_runner_requests_total", outcome=outcome) for outcome in OUTCOMES] == [0] * 6
        assert [bench.value("servewatch_runner_dispatches_total", reason=reason) for reason in REASONS] == [0] * 4

    bench.run(scenario)
    for name in ("duration_seconds_count", "batch_size_count", "queue_seconds_count", "queue_requests"):
        assert bench.value(f"servewatch_runner_{name}") == 0
    assert bench.value("servewatch_runner_requests_in_progress") == 0


def test_an_idle_runner_takes_a_single_request_at_once(bench: Bench, held: Held) -> None:
    """One request on an idle service goes as a batch of one, though the clock stands still."""
    held.let_go()

    async def scenario(batcher: Batcher) -> Any:
        return await batcher.submit(rows(1))

    assert bench.run(scenario).tolist() == [2]
    assert bench.reasons() == {"idle": 1}
    assert bench.outcomes() == {"ok": 1}


def test_who_comes_alone_again_and_again_is_not_made_to_wait_for_company(bench: Bench, held: Held) -> None:
    """After a brief batch of one, the next single request is with the runner before the event loop turns."""
    held.let_go(3)

    async def scenario(batcher: Batcher) -> list[float | None]:
        seen = []
        for _ in range(3):
            answer = batcher.submit(rows(1))
            seen.append(bench.value("servewatch_runner_requests_in_progress"))
            await answer
            await asyncio.sleep(0)
        return seen

    assert bench.run(scenario) == [0, 1, 1]
    assert bench.reasons() == {"idle": 3}


def test_surely_brief_calls_run_where_they_are() -> None:
    """After a row of brief batches of one, the model is called without a hand-over to the runner's thread.

    There it sees no running event loop, as on the runner's thread. What comes together is a batch nevertheless.
    """
    seen: list[tuple[str, bool, int]] = []

    def model(given: Any) -> Any:
        running = asyncio._get_running_loop() is not None
        seen.append((threading.current_thread().name, running, len(given)))
        return given

    bench = Bench(model)

    async def scenario(batcher: Batcher) -> None:
        for value in range(ENOUGH + 2):
            assert (await batcher.submit(rows(value))).tolist() == [value]
            await asyncio.sleep(0)
        await asyncio.gather(*(batcher.submit(rows(value)) for value in range(5)))

    bench.run(scenario)
    bench.runner.close()
    here = threading.current_thread().name
    assert [name for name, _, _ in seen] == ["classify-0"] * ENOUGH + [here] * 3 + ["classify-0"]
    assert [size for _, _, size in seen] == [1] * (ENOUGH + 3) + [4]
    assert not any(running for _, running, _ in seen)


def test_after_a_call_that_took_long_company_is_waited_for(bench: Bench, held: Held) -> None:
    """A batch of one that was not brief says nothing: two requests of one iteration share the next batch."""

    async def scenario(batcher: Batcher) -> None:
        first = batcher.submit(rows(1))
        await held.entered()
        bench.clock.now += 1.0
        held.let_go(2)
        await first
        await asyncio.gather(batcher.submit(rows(2)), batcher.submit(rows(3)))

    bench.run(scenario)
    assert held.calls == [1, 2]


def test_what_comes_while_the_runner_is_busy_goes_as_one_batch(bench: Bench, held: Held) -> None:
    """Requests gather behind a running batch, and each gets its own rows of the next one's answer."""

    async def scenario(batcher: Batcher) -> list[Any]:
        first = batcher.submit(rows(1))
        await held.entered()
        waiting = [batcher.submit(rows(2)), batcher.submit(rows(3, 4)), batcher.submit(rows(5))]
        assert bench.value("servewatch_runner_queue_requests") == 3
        assert bench.value("servewatch_runner_requests_in_progress") == 1
        held.let_go(2)
        return [answer.tolist() for answer in await asyncio.gather(first, *waiting)]

    assert bench.run(scenario) == [[2], [4], [6, 8], [10]]
    assert held.calls == [1, 4]
    assert bench.value("servewatch_runner_batch_size_sum") == 5
    assert bench.value("servewatch_runner_queue_requests") == 0
    assert bench.value("servewatch_runner_requests_in_progress") == 0


def test_requests_of_one_iteration_of_the_loop_share_a_batch(bench: Bench, held: Held) -> None:
    """An idle runner still batches what the same iteration of the event loop brings."""
    held.let_go()

    async def scenario(batcher: Batcher) -> None:
        await asyncio.gather(*(batcher.submit(rows(n)) for n in range(4)))

    bench.run(scenario)
    assert held.calls == [4]


def test_no_batch_has_more_than_max_rows(bench: Bench, held: Held) -> None:
    """What waits beyond max_rows goes in the next batch, and requests are never torn for it."""

    async def scenario(batcher: Batcher) -> None:
        first = batcher.submit(rows(0))
        await held.entered()
        waiting = [batcher.submit(rows(1, 2, 3)) for _ in range(4)]
        held.let_go(3)
        await asyncio.gather(first, *waiting)

    bench.run(scenario)
    assert held.calls == [1, 6, 6]
    assert bench.reasons() == {"idle": 2, "full": 1}


def test_a_request_of_more_rows_than_a_batch_comes_back_whole_and_in_order(bench: Bench, held: Held) -> None:
    """Twenty rows at eight a batch go in three parts and come back as twenty rows."""
    held.let_go(3)

    async def scenario(batcher: Batcher) -> Any:
        return await batcher.submit(rows(*range(20)))

    assert bench.run(scenario).tolist() == [2.0 * n for n in range(20)]
    assert held.calls == [8, 8, 4]
    assert bench.outcomes() == {"ok": 3}


def test_rows_beyond_the_queues_bound_are_shed_and_counted(bench: Bench, held: Held) -> None:
    """A full queue answers 503 with Retry-After, naming its bound; those who wait are served."""

    async def scenario(batcher: Batcher) -> None:
        first = batcher.submit(rows(1))
        await held.entered()
        waiting = [batcher.submit(rows(*range(8))), batcher.submit(rows(*range(8)))]
        with pytest.raises(QueueFull, match="16 rows wait for 'classify': 1 more are over 16") as caught:
            batcher.submit(rows(1))
        assert (caught.value.status, caught.value.headers) == (503, {"retry-after": "1"})
        held.let_go(3)
        await asyncio.gather(first, *waiting)

    bench.run(scenario)
    assert bench.outcomes() == {"ok": 3, "shed": 1}


def test_a_cancelled_request_leaves_the_queue_and_is_not_run(bench: Bench, held: Held) -> None:
    """Who leaves while waiting costs the model nothing, and is counted as cancelled."""

    async def scenario(batcher: Batcher) -> None:
        first = batcher.submit(rows(1))
        await held.entered()
        gone, stays = batcher.submit(rows(2, 2)), batcher.submit(rows(3))
        gone.cancel()
        held.let_go(2)
        await asyncio.gather(first, stays)
        assert batcher.rows == 0

    bench.run(scenario)
    assert held.calls == [1, 1]
    assert bench.outcomes() == {"ok": 2, "cancelled": 1}


def test_those_who_left_hold_no_place_in_a_full_queue(bench: Bench, held: Held) -> None:
    """When all who fill the queue have left, a new request is taken, not shed."""

    async def scenario(batcher: Batcher) -> None:
        first = batcher.submit(rows(1))
        await held.entered()
        for gone in [batcher.submit(rows(*range(8))) for _ in range(2)]:
            gone.cancel()
        stays = batcher.submit(rows(4))
        assert bench.value("servewatch_runner_queue_requests") == 1
        held.let_go(2)
        await asyncio.gather(first, stays)

    bench.run(scenario)
    assert bench.outcomes() == {"ok": 2, "cancelled": 2}


def test_a_request_that_leaves_while_it_runs_is_counted_as_cancelled(bench: Bench, held: Held) -> None:
    """The batch is finished for the others; the one that left is no success."""

    async def scenario(batcher: Batcher) -> None:
        gone = batcher.submit(rows(1))
        await held.entered()
        gone.cancel()
        stays = batcher.submit(rows(2))
        held.let_go(2)
        await stays

    bench.run(scenario)
    assert bench.outcomes() == {"ok": 1, "cancelled": 1}
    assert bench.value("servewatch_runner_requests_in_progress") == 0


def test_a_batch_of_clients_that_all_left_runs_nothing(bench: Bench, held: Held) -> None:
    """An empty batch is no dispatch: neither the model nor the histograms see it."""

    async def scenario(batcher: Batcher) -> None:
        first = batcher.submit(rows(1))
        await held.entered()
        for gone in [batcher.submit(rows(2)), batcher.submit(rows(3))]:
            gone.cancel()
        held.let_go(2)
        await first
        await batcher.submit(rows(4))

    bench.run(scenario)
    assert held.calls == [1, 1]
    assert bench.value("servewatch_runner_batch_size_count") == 2


def test_the_oldest_requests_age_decides_on_timeout(bench: Bench, held: Held) -> None:
    """A request that waited longer than max_wait goes as soon as the runner is free, and its wait is observed."""

    async def scenario(batcher: Batcher) -> None:
        first = batcher.submit(rows(1))
        await held.entered()
        second = batcher.submit(rows(2))
        bench.clock.now = 0.25
        held.let_go(2)
        await asyncio.gather(first, second)

    bench.run(scenario)
    assert bench.reasons() == {"idle": 1, "timeout": 1}
    assert bench.value("servewatch_runner_queue_seconds_sum") == 0.25


def test_a_draining_batcher_says_so_in_the_reason(bench: Bench, held: Held) -> None:
    """What waits when the service drains is dispatched with the reason drain, and answered."""

    async def scenario(batcher: Batcher) -> Any:
        first = batcher.submit(rows(1))
        await held.entered()
        second = batcher.submit(rows(2))
        batcher.drain()
        held.let_go(2)
        await first
        return (await second).tolist()

    assert bench.run(scenario) == [4]
    assert bench.reasons() == {"idle": 1, "drain": 1}


def test_a_failed_request_is_counted_by_its_outcome() -> None:
    """The runner's error reaches the caller, and is counted as error."""

    def fail(values: Any) -> Any:
        raise KeyError("secret")

    bench = Bench(fail)

    async def scenario(batcher: Batcher) -> None:
        with pytest.raises(RunnerFailed, match="'classify' failed: KeyError"):
            await batcher.submit(rows(1))

    bench.run(scenario)
    bench.runner.close()
    assert bench.outcomes() == {"error": 1}


def test_a_part_that_fails_fails_its_request_once() -> None:
    """A request of several parts gets the first part's error, and the batcher goes on."""

    def refuse_nine(values: Any) -> Any:
        if 9 in values:
            raise ValueError
        return values

    bench = Bench(refuse_nine)

    async def scenario(batcher: Batcher) -> list[float]:
        with pytest.raises(RunnerFailed):
            await batcher.submit(rows(*range(20)))
        return (await batcher.submit(rows(7))).tolist()

    assert bench.run(scenario) == [7]
    bench.runner.close()
