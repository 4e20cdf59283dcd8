"""What the hostile requests are sent to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import numpy as np
from pydantic import BaseModel

from serving import Image, NDArray, api, batched, service

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 2))]


class Order(BaseModel):
    """Something to be checked."""

    name: str
    count: int = 1


@service
class Target:
    """An endpoint of each kind."""

    @batched(max_rows=8)
    def double(self, rows: np.ndarray) -> np.ndarray:
        return rows * 2

    @api
    async def rows(self, rows: Rows, plus: float = 0.0) -> Rows:
        return await self.double(rows) + plus

    @api
    def picture(self, photo: Annotated[np.ndarray, Image(mode="L", size=(2, 2))]) -> int:
        return int(photo.sum())

    @api
    async def order(self, order: Order) -> Order:
        return order

    @api
    async def words(self, text: str) -> AsyncIterator[str]:
        for word in text.split():
            yield word

    @api
    def letters(self, text: str) -> Iterator[str]:
        yield from text
