"""What the tests of several processes serve."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from typing import Annotated

import numpy as np
from prometheus_client import Counter, Gauge
from pydantic import BaseModel

from serving import NDArray, api, batched, service
from serving.errors import UnfitInput
from serving.processes.link import Link

SEEN = Counter("seen", "Rows that the model has seen.")
PIDS = Gauge("pids", "Set to 1 by each process.")
PIDS.set(1)
Rows = Annotated[np.ndarray, NDArray("float32", ("N", 3))]

Wide = Annotated[np.ndarray, NDArray("float32", ("N", 750_000))]


class Point(BaseModel):
    x: float
    tags: list[str] = []


@service
class Fleet:
    @batched(max_rows=32)
    def double(self, rows):
        SEEN.inc(len(rows))
        return rows * 2

    @batched(max_rows=16)
    def wait(self, rows):
        threading.Event().wait(0.05)
        return rows * 2

    @batched(max_rows=16, retry=True)
    def steady(self, rows):
        threading.Event().wait(0.05)
        return rows * 2

    @batched(max_rows=8)
    def tell(self, values):
        return [f"{type(value).__name__}:{value!r}" for value in values]

    @batched(max_rows=4)
    def shaped(self, rows):
        return rows[::-1][::-1]

    @api
    async def predict(self, rows: Rows) -> Rows:
        return await self.double(rows)

    @api
    async def slow(self, rows: Rows) -> Rows:
        return await self.wait(rows)

    @api
    async def again(self, rows: Rows) -> Rows:
        return await self.steady(rows)

    @api
    async def wide(self, rows: Wide) -> Wide:
        return await self.shaped(rows)

    @api
    async def point(self, point: Point) -> str:
        return (await self.tell([point]))[0]

    @api
    async def dtypes(self, names: list[str]) -> list[str]:
        """Each dtype, in several shapes and orders, there and back."""
        said = []
        for name in names:
            for shape in ((1,), (3,), (9, 2), (2, 0), (5, 3, 2)):
                size = int(np.prod(shape))
                array = np.arange(size).reshape(shape).astype(name)
                for sent in (array, np.asfortranarray(array), array[::-1]):
                    came = await self.shaped(sent)
                    said.append(f"{came.dtype.str} {came.shape} {bool((came == sent).all())} {came.flags.writeable}")
        return said

    @api
    async def lists(self, text: str) -> str:
        objects = np.array([{"a": 1}, None], dtype=object)
        records = np.array([(1, 2.0)], dtype=[("n", "i4"), ("x", "f8")])
        values = [text, 3, None, {"deep": [np.arange(3)]}, objects, records, b"bytes", np.float32(2)]
        return "|".join(await self.tell(values))

    @api
    def upper(self, text: str, times: int = 1) -> str:
        if text == "unfit":
            raise UnfitInput("that does not fit", "send something else")
        if text == "fault":
            raise ValueError("secret")
        return text.upper() * times

    @api(batch=True, max_rows=8)
    def bulk(self, rows: Rows) -> Rows:
        return rows + 1

    @api
    def count(self, text: str) -> Iterator[dict[str, int]]:
        for at in range(int(text)):
            yield {"at": at}

    @api
    async def pid(self, text: str) -> str:
        return str(os.getpid())

    @api
    async def cut(self, text: str) -> str:
        """Breaks the worker's way to its runner."""
        links = [found for found in gc.get_objects() if isinstance(found, Link)]
        for link in links:
            link.wire.close()
        return str(len(links))

    @api
    async def block(self, text: str) -> str:
        threading.Event().wait(float(text))
        return "done"
