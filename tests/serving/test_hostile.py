"""Thousands of requests that no client of good will sends, over raw sockets, and what is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[2]
AT_ONCE = 400
GROWTH = 20.0
"""MB that two thirds of the attack may add to what the first third left."""

LAST = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Z]")
METHODS = [b"GET", b"HEAD", b"OPTIONS", b"PUT", b"CONNECT", b"TRACE", b"post", b"P\0ST", b"", b"PRI"]
GOOD = [b"/rows", b"/rows?plus=1", b"/picture", b"/order", b"/words", b"/letters"]
PATHS = [
    b"http://x/rows", b"http://[::1", b"//", b"/rows/../order", b"/%2e%2e/", b"/r\xc3\xb6ws", b"/\xff", b"/rows#x",
    b"/docs", b"/metrics", b"/openapi.json", b"/" + b"a" * 5000, b"/rows?" + b"a=b&" * 2000, b"/a b", b"*", b"",
    b"/rows?plus=nan&plus=%00", b"/rows?plus=%ff", b"/livez", b"/readyz",
]  # fmt: skip
VERSIONS = [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"", b"HTTP/1.1\0", b"ICY"]
READ = [b"application/json", b"application/x-npy", b"image/png", b"multipart/form-data; boundary=x", b"text/plain"]
TYPES = [
    b"multipart/form-data; boundary=" + b"-" * 3000, b"application/json; charset=utf-16", b"\xff\xfe", b"", b";;",
]  # fmt: skip
HEADERS = [
    b"Expect: 100-continue", b"Expect: 200-maybe", b"Connection: close", b"Connection: Upgrade\r\nUpgrade: websocket",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c", b"Accept: text/event-stream", b"Accept: application/x-npy",
    b"Request-Timeout: 1e-9", b"Request-Timeout: -5", b"Request-Timeout: \xff", b"X-Request-Id: a\tb", b"Host: y",
    b"traceparent: 00-" + b"f" * 32 + b"-" + b"f" * 16 + b"-01", b"Content-Encoding: gzip", b"X: " + b"y" * 20_000,
    b"X-Servewatch-Fault: error", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b": empty",
    b" folded: line", b"No colon", b"N\0l: x", b"X: a\0b", b"X-Forwarded-For: " + b"1.1.1.1, " * 50, b"Te: trailers",
]  # fmt: skip
PIECES = [
    b"[", b"]", b"[[1,2]]", b"1", b",", b"-", b"1e999", b'"', b"{", b"}", b'{"name":"x"}', b"null", b"NaN", b"\0",
    b"\xff", b"\x93NUMPY\x01\x00v\x00{'descr':'<f4','fortran_order':False,'shape':(1,2)}\n", b"\x89PNG\r\n\x1a\n",
    b"\x93NUMPY\x01\x00v\x00{'descr':'<f4','fortran_order':False,'shape':(1099511627776,2)}\n",
    b"\x93NUMPY\x01\x00v\x00{'descr':'|O','fortran_order':True,'shape':" + b"(" * 60, b"\x93NUMPY\x09\xff\xff\xff",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xc3\x50\0\0\xc3\x50\x08\2\0\0\0", b"GIF89a\xff\xff\xff", b"BM" + b"\xff" * 60,
    b'"\\ud800"', b'{"name":"\\udfff","count":1e400}', b"9" * 400, b"-0.0e-999", b'{"name":' * 300, b"\x1f\x8b\x08\0",
    b"--x\r\n", b"--x--", b'Content-Disposition: form-data; name="photo"\r\n\r\n', b"\r\n", b"[" * 2000, b"0" * 5000,
]  # fmt: skip
CHUNKS = [b"%x\r\n%b\r\n", b"%x;ext=1\r\n%b\r\n", b"0%x\r\n%b\r\n", b"%xg\r\n%b\r\n", b"-%x\r\n%b\r\n", b"%x\n%b\n"]
ENDS = [b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"", b"fffffffffffffffff\r\n"]


def often(dice: random.Random, good: list[bytes], bad: list[bytes]) -> bytes:
    """One of the good nine times in ten: what is refused at the first look tests nothing behind it."""
    return dice.choice(good if dice.random() < 0.9 else bad)


def length(dice: random.Random, size: int) -> bytes:
    """A Content-Length header: mostly the true one."""
    odd = [b"-%d", b"+%d", b"0x%x", b"%d, 5", b"%d0", b"%d" + b"0" * 30, b" %d ", b"%d\r\nContent-Length: 1"]
    return b"Content-Length: " + often(dice, [b"%d"], odd) % size


def framed(dice: random.Random, body: bytes) -> tuple[list[bytes], bytes]:
    """The headers that say how the body comes, and the body as it comes."""
    if dice.random() < 0.7:
        return [length(dice, len(body))], body
    parts = [body[at : at + 70] for at in range(0, len(body), 70)]
    chunked = b"".join(often(dice, CHUNKS[:1], CHUNKS) % (len(part), part) for part in parts)
    both = [length(dice, len(body))] if dice.random() < 0.1 else []
    return [b"Transfer-Encoding: chunked", *both], chunked + often(dice, ENDS[:1], ENDS)


def request(dice: random.Random) -> bytes:
    """One request, wrong in some ways and right in others."""
    body = b"".join(dice.choices(PIECES, k=dice.choice([0, 1, 1, 1, 2, 5])))
    how, body = framed(dice, body)
    headers = [b"Host: x", b"Content-Type: " + often(dice, READ, TYPES), *how]
    if dice.random() < 0.2:
        headers += dice.sample(HEADERS, 2)
    line = b" ".join([often(dice, [b"POST"], METHODS), often(dice, GOOD, PATHS), often(dice, [b"HTTP/1.1"], VERSIONS)])
    whole = b"\r\n".join([line, *headers, b"", body])
    if dice.random() < 0.05:
        at = dice.randrange(len(whole))
        whole = whole[:at] + dice.choice([b"\0", b"\xff", b"\n", b"\r", b"", b" "]) + whole[at + 1 :]
    return whole[: dice.randrange(len(whole))] if dice.random() < 0.05 else whole


async def send(port: int, data: bytes) -> bytes:
    """All that comes until the server hangs up, as it must."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    try:
        writer.write(data)
        while more := await asyncio.wait_for(reader.read(100_000), 10):
            said += more
    except (ConnectionResetError, BrokenPipeError):
        pass
    finally:
        writer.transport.abort()
    return said


async def attack(served: Attacked, loads: list[bytes]) -> tuple[list[bytes], float]:
    """What came back for each load, many at once, and the server's memory when about a third had been sent."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(load: bytes) -> bytes:
        async with room:
            return await send(served.port, load)

    third = len(loads) // 3
    first = [asyncio.ensure_future(one(load)) for load in loads[:third]]
    await asyncio.wait(first, timeout=2)  # those on a connection that is kept open wait longer than that
    memory = await asyncio.to_thread(served.memory)
    return await asyncio.gather(*first, *(one(load) for load in loads[third:])), memory


class Attacked:
    """The service in processes of its own."""

    def __init__(self, folder: Path, port: int, flags: list[str]) -> None:
        self.port = port
        command = [sys.executable, "-m", "servewatch", "serve", "tests.serving.hostile_service:Target"]
        command += ["--port", str(port), "--metrics-port", "0", *flags]
        limits = {"HEADER_TIMEOUT": "0.3", "BODY_TIMEOUT": "0.3", "MAX_BODY_BYTES": "20000", "DRAIN_DELAY": "0"}
        environment = {**os.environ, "SERVEWATCH_HOME": str(folder)}
        environment |= {f"SERVEWATCH_{name}": value for name, value in limits.items()}
        self.log = (folder / "log").open("w+")
        self.popen = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)

    def ask(self, method: str, path: str, body: bytes | None = None, media: str = "") -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body, {"content-type": media} if media else {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def ready(self) -> bool:
        """Whichever worker is asked."""
        try:
            return all(self.ask("GET", "/readyz")[0] == 200 for _ in range(32))
        except OSError:
            return False

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name with these labels."""
        families = text_string_to_metric_families(self.ask("GET", "/metrics")[1].decode())
        samples = (sample for family in families for sample in family.samples if sample.name == name)
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def memory(self) -> float:
        """Resident memory of all its processes, in MB."""
        return self.value("process_resident_memory_bytes") / 1e6

    def end(self) -> tuple[int, str]:
        """Its exit code, and what it said."""
        self.popen.terminate()
        code = self.popen.wait(20)
        self.log.seek(0)
        return code, self.log.read()


@pytest.fixture
def attacked(tmp_path: Path, free_port: Any, eventually: Any) -> Iterator[Callable[..., Attacked]]:
    """`attacked("--workers", "2")` gives the service in processes of its own; they end with the test."""
    running: list[Attacked] = []

    def start(*flags: str) -> Attacked:
        running.append(Attacked(tmp_path, free_port(), list(flags)))
        eventually(running[-1].ready, 60)
        return running[-1]

    yield start
    for one in running:
        one.popen.kill()
        one.popen.wait(10)
        one.log.close()


@pytest.mark.parametrize(
    ("flags", "connections"), [((), 3450), (("--workers", "2", "--runners", "1"), 450)], ids=["one", "several"]
)
def test_thousands_of_malformed_requests(attacked: Any, flags: tuple[str, ...], connections: int) -> None:
    """No 5xx but what a client's own Request-Timeout asks for, no hang, nothing in the log, no growth."""
    served, dice = attacked(*flags), random.Random(11)
    loads = [b"".join(request(dice) for _ in range(dice.choice([1, 1, 2, 4]))) + LAST for _ in range(connections)]
    answers, before = asyncio.run(attack(served, loads))
    assert served.memory() < before + GROWTH
    statuses = {int(status) for answer in answers for status in STATUS.findall(answer)}
    assert {status for status in statuses if status >= 500} <= {504}
    assert {200, 400, 404, 405, 408, 415, 422} <= statuses
    assert served.value("servewatch_requests_in_progress") == 0
    assert [served.value("servewatch_requests_total", code=code) for code in ("500", "503")] == [0, 0]
    assert served.ask("POST", "/rows", b"[[1, 2]]", "application/json") == (200, b"[[2.0,4.0]]")
    assert served.ask("POST", "/letters", b"abc", "text/plain") == (200, b"abc")
    code, said = served.end()
    assert (code, "ERROR" in said, "Traceback" in said) == (0, False, False)
