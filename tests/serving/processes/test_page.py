from __future__ import annotations

from pathlib import Path
from typing import Any


def test_the_page_has_all_processes_together(fleet: Any) -> None:
    """Memory, time, threads and the garbage collector's pauses are summed over all that live."""
    page = fleet.page()
    resident = [_resident(pid) for pid in (fleet.popen.pid, *fleet.children("worker"), *fleet.children("runner"))]
    shown = fleet.total(page, "process_resident_memory_bytes")
    assert len(resident) == 4
    assert 0.8 * sum(resident) < shown < 1.2 * sum(resident)
    assert fleet.total(page, "servewatch_threads_limit", pool="double") == 1
    assert fleet.total(page, "servewatch_threads_limit", pool="upper") == 4
    assert fleet.total(page, "servewatch_threads_limit", pool="default") % 3 == 0
    assert fleet.total(page, "servewatch_gc_pause_seconds_count") > 0


def test_a_workers_own_page_is_the_page_of_all(fleet: Any) -> None:
    """GET /metrics on the service's port shows the same series as the metrics port."""
    mine, all_of_them = fleet.page(fleet.port), fleet.page()
    assert _series(mine) == _series(all_of_them)


def _resident(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def _series(page: str) -> set[str]:
    return {line.rpartition(" ")[0] for line in page.splitlines() if line.startswith("servewatch_")}
