from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TEXT = {"content-type": "text/plain"}
DTYPES = b'["bool","int8","uint16","int64","float16","float32",">f4","complex64","U3","S2","datetime64[s]"]'
ASKED = [
    ("/predict", b"[[1,2,3],[4,5,6]]", "application/json"),
    ("/predict", b"[" + b",".join([b"[1,2,3]"] * 100) + b"]", "application/json"),
    ("/bulk", b"[[1,2,3]]", "application/json"),
    ("/point", b'{"x": 1.5, "tags": ["a"]}', "application/json"),
    ("/dtypes", DTYPES, "application/json"),
    ("/lists", b"words", "text/plain"),
    ("/upper?times=2", b"words", "text/plain"),
    ("/upper", b"unfit", "text/plain"),
    ("/count", b"40", "text/plain"),
    ("/predict", b"[[1,2]]", "application/json"),
    ("/nothing", b"", "text/plain"),
]


@pytest.fixture(scope="module")
def single(launch: Callable[..., Any]) -> Any:
    served = launch()
    from_start = threading.Event()
    while not served.ready():
        from_start.wait(0.05)
    return served


@pytest.mark.parametrize(("path", "body", "media"), ASKED)
def test_answers_equal_those_of_a_single_process(single: Any, fleet: Any, path: str, body: bytes, media: str) -> None:
    """Arrays of many dtypes, shapes and orders, lists, pydantic values, plain methods, streams, errors."""
    asked = {"content-type": media}
    assert fleet.post(path, body, **asked) == single.post(path, body, **asked)


def test_a_fault_is_told_by_its_class_alone(fleet: Any) -> None:
    """What the user's code raised in the runner stays in the log."""
    code, content = fleet.post("/upper", b"fault", **TEXT)
    assert code == 500
    assert b"ValueError" in content
    assert b"secret" not in content


def test_counters_add_up_to_what_clients_sent(fleet: Any, eventually: Any) -> None:
    """400 requests over both workers are counted as 400 requests, runner requests, and rows of a user's counter."""
    before = fleet.page()
    with ThreadPoolExecutor(16) as pool:
        codes = [code for code, _ in pool.map(lambda _: fleet.post("/predict"), range(400))]
    assert codes == [200] * 400

    def grown(name: str, **labels: str) -> float:
        return fleet.value(name, **labels) - fleet.total(before, name, **labels)

    eventually(lambda: grown("servewatch_requests_total", endpoint="predict", code="200") >= 400, 5)
    assert grown("servewatch_requests_total", endpoint="predict") == 400
    assert grown("servewatch_request_duration_seconds_count", endpoint="predict") == 400
    assert grown("servewatch_runner_requests_total", runner="double", outcome="ok") == 400
    assert grown("servewatch_runner_batch_size_sum", runner="double") == 400
    assert grown("seen_total") == 400
    assert fleet.value("servewatch_requests_in_progress") == 0


def test_batches_form_over_both_workers(fleet: Any, load: Callable[..., Any], eventually: Any) -> None:
    """Requests of two processes share batches: there are more rows in one than one worker has connections."""
    one = load(fleet, "/slow", 16)
    eventually(lambda: one.codes[200] >= 100, 20)
    assert set(one.stop()) == {200}
    page = fleet.page()
    of = {"runner": "wait"}
    small = fleet.total(page, "servewatch_runner_batch_size_bucket", le="8.0", **of)
    assert fleet.total(page, "servewatch_runner_batch_size_bucket", le="16.0", **of) > small
    assert len({fleet.post("/pid", b"x", **TEXT)[1] for _ in range(60)}) == 2


def test_both_pages_are_the_merged_one_in_both_formats(fleet: Any, eventually: Any) -> None:
    """The metrics port and any worker's /metrics show the same counts; both formats parse, promtool is silent."""
    header = {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
    assert fleet.post("/predict", **header, **{"content-type": "application/json"})[0] == 200
    eventually(lambda: "trace_id" in fleet.page(accept=OPENMETRICS), 5)
    for port in (fleet.metrics_port, fleet.port):
        families = {family.name: family for family in read_openmetrics(fleet.page(port, OPENMETRICS))}
        assert {family.name for family in read_text(fleet.page(port))} >= {"servewatch_requests", "process_open_fds"}
        assert families["seen"].type == "counter"
    names = ("servewatch_requests_total", "servewatch_runner_batch_size_count", "seen_total", "pids")
    pages = [fleet.page(fleet.metrics_port), fleet.page(fleet.port)]
    assert [fleet.total(pages[0], name) for name in names] == [fleet.total(pages[1], name) for name in names]
    if promtool := shutil.which("promtool"):
        checked = subprocess.run([promtool, "check", "metrics"], input=pages[0], text=True, capture_output=True)
        assert (checked.stdout, checked.stderr) == ("", "")


def test_gauges_of_all_processes_are_summed_but_those_that_say_otherwise(fleet: Any) -> None:
    """A gauge that each of three processes set to 1 is 3; the start time is the oldest, info stays 1."""
    page = fleet.page()
    assert fleet.total(page, "pids") == 3
    assert fleet.total(page, "python_info") == 1
    started = os.stat(f"/proc/{fleet.popen.pid}").st_ctime
    assert abs(fleet.total(page, "process_start_time_seconds") - started) < 60


def test_a_scrape_is_answered_while_a_workers_event_loop_is_blocked(fleet: Any) -> None:
    """Counts come from a thread of each process: what a blocked worker is doing shows in the page."""
    asking = threading.Thread(target=fleet.post, args=("/block", b"1.5"), kwargs=TEXT)
    asking.start()
    pause, seen = threading.Event(), 0.0
    while asking.is_alive() and not seen:
        seen = fleet.value("servewatch_requests_in_progress", endpoint="block")
        pause.wait(0.02)
    assert seen == 1
    asking.join()


def test_a_stop_under_load_loses_nothing(whole: Callable[..., Any], load: Callable[..., Any], eventually: Any) -> None:
    """SIGTERM with 2 workers and 1 runner: 503 on /readyz first, every request answered, exit 0, no process left."""
    served = whole()
    pids = served.processes()
    one = load(served, "/slow", 24)
    eventually(lambda: one.codes[200] >= 72, 20)
    served.popen.send_signal(signal.SIGTERM)
    eventually(lambda: served.status("/readyz") == 503)
    code, said = served.end()
    codes = one.stop()
    assert (code, "Traceback" in said) == (0, False)
    assert set(codes) <= {200, "refused"}
    eventually(lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists()], 5)


def test_an_idle_fleet_stops_at_once_on_a_signal_to_the_whole_group(whole: Callable[..., Any]) -> None:
    """Ctrl-C reaches every process, and the master alone acts on it."""
    served = whole()
    for pid in [*served.processes(), served.popen.pid]:
        os.kill(pid, signal.SIGINT)
    code, said = served.end(6)
    assert "Traceback" not in said, said
    assert code == 0


def test_children_that_are_still_beginning_leave_a_signal_to_the_master(
    launch: Callable[..., Any], eventually: Any
) -> None:
    """Ctrl-C while their modules are being imported stops the service with 0 and without a traceback."""
    served = launch("--workers", "2", "--runners", "1")
    eventually(lambda: len(served.processes()) > 3, 20)
    for pid in [*served.processes(), served.popen.pid]:
        os.kill(pid, signal.SIGINT)
    code, said = served.end(20)
    assert "Traceback" not in said, said
    assert code == 0


def test_a_second_signal_ends_at_once(whole: Callable[..., Any], eventually: Any) -> None:
    """A request that would take a minute does not hold the second SIGTERM."""
    served = whole()
    asking = ThreadPoolExecutor(1).submit(served.post, "/block", b"60", **TEXT)
    eventually(lambda: served.value("servewatch_requests_in_progress", endpoint="block") == 1)
    served.popen.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        served.popen.wait(1)
    served.popen.send_signal(signal.SIGTERM)
    assert served.end(3)[0] == 0
    assert isinstance(asking.exception(5), OSError | http.client.HTTPException)


def test_nothing_outlives_a_killed_master(whole: Callable[..., Any], eventually: Any) -> None:
    """kill -9 of the master takes every process with it, and no shared memory stays."""
    before = sorted(os.listdir("/dev/shm"))
    served = whole(2, 2)
    assert served.post("/predict")[0] == 200
    pids = served.processes()
    assert len(pids) >= 4
    served.popen.kill()
    served.popen.wait(5)
    eventually(lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists()], 5)
    assert sorted(os.listdir("/dev/shm")) == before


@pytest.mark.parametrize(
    ("source", "code", "last"),
    [
        ("class Nothing: ...", 2, "help: put @service on the class"),
        ("def __init__(self): raise RuntimeError('no licence')", 1, "RuntimeError: no licence"),
        ("def __init__(self): raise SystemExit(7)", 7, ""),
        ("def __init__(self): import os; os.kill(os.getpid(), 9)", 1, ""),
        ("model = use('flowers')", 1, "help: SERVEWATCH_HOME={folder} servewatch models list"),
    ],
)
def test_a_service_that_cannot_start_ends_the_master(
    launch: Callable[..., Any], source: str, code: int, last: str
) -> None:
    """The master ends with what the first child said, and its exit code, as a single process does."""
    if not source.startswith("class"):
        body = f"    {source}\n\n    @api\n    def predict(self, text: str) -> str:\n        return text\n"
        source = f"from serving import api, service, use\n\n\n@service\nclass Nothing:\n{body}"
    served = launch("--workers", "2", target="lost_service:Nothing", source=source)
    ended, said = served.end(20)
    assert ended == code
    assert not last or said.rstrip().splitlines()[-1] == last.format(folder=served.folder)


def test_an_objective_that_cannot_be_kept_ends_the_master(launch: Callable[..., Any]) -> None:
    """As it ends a single process, though the master never imports the service."""
    source = "from serving import api, service\n\n\n@service(slos=['latency 99% below 1s'])\nclass Nothing:\n"
    source += "    @api\n    def predict(self, text: str) -> str:\n        return text\n"
    ended, said = launch("--workers", "2", target="promising_service:Nothing", source=source).end(20)
    assert ended == 2
    assert "error: objective 'latency 99% below 1s' of nothing is none of availability 99.9%" in said


def test_a_taken_metrics_port_is_two_lines(launch: Callable[..., Any], fleet: Any) -> None:
    """The error names the flag, before any child is started."""
    served = launch("--workers", "2", "--metrics-port", str(fleet.metrics_port))
    code, said = served.end()
    assert code == 1
    assert said.splitlines() == [
        f"error: port {fleet.metrics_port} on 127.0.0.1 is taken by another process",
        "help: choose another with --metrics-port PORT",
    ]
