from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

TEXT = {"content-type": "text/plain"}


def test_a_child_that_does_not_answer_is_shown_as_it_was_last_seen(whole: Callable[..., Any], eventually: Any) -> None:
    """With a worker stopped dead the page still comes, with all that it had counted; and it goes on when it wakes."""
    served = whole()
    for _ in range(40):
        assert served.post("/predict")[0] == 200
    eventually(lambda: served.value("servewatch_requests_total", endpoint="predict") == 40, 5)
    stopped = served.children("worker")[0]
    os.kill(stopped, signal.SIGSTOP)
    try:
        assert served.value("servewatch_requests_total", endpoint="predict") == 40
        assert served.value("pids") == 3
    finally:
        os.kill(stopped, signal.SIGCONT)
    eventually(served.ready)
    served.popen.send_signal(signal.SIGTERM)
    assert served.end()[0] == 0


def test_slowness_on_demand_reaches_the_runner(whole: Callable[..., Any], eventually: Any) -> None:
    """A fault header that a worker reads makes the runner slow, and shows in the runner's metrics."""
    served = whole(SERVEWATCH_FAULTS="1")
    headers = {"content-type": "application/json", "x-servewatch-fault": "slow=0.2"}
    assert served.post("/predict", **headers)[0] == 200
    quick = {"runner": "double", "le": "0.1"}
    count = {"runner": "double"}
    eventually(lambda: served.value("servewatch_runner_duration_seconds_count", **count) == 1, 5)
    assert served.value("servewatch_runner_duration_seconds_bucket", **quick) == 0


def test_restarts_are_counted_from_0_by_what_was_started_again(whole: Callable[..., Any], eventually: Any) -> None:
    """Both kinds are there before anything ended; a killed worker and a killed runner count one each, on every page."""
    served = whole()
    page = served.page()
    assert 'servewatch_process_restarts_total{process="worker",service="fleet",version="0.1.0"} 0.0' in page
    assert 'servewatch_process_restarts_total{process="runner",service="fleet",version="0.1.0"} 0.0' in page
    os.kill(served.children("worker")[0], signal.SIGKILL)
    eventually(lambda: served.value("servewatch_process_restarts_total", process="worker") == 1, 10)
    os.kill(served.children("runner")[0], signal.SIGKILL)
    eventually(lambda: served.value("servewatch_process_restarts_total", process="runner") == 1, 10)
    eventually(served.ready, 15)
    shown = served.total(served.page(served.port), "servewatch_process_restarts_total")
    assert shown == served.value("servewatch_process_restarts_total") == 2
