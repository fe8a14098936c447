"""Cache of one answer with a time to live: many questions in a short time cost one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class CachedAnswer(Generic[T]):
    """Asks again when its answer is older than `seconds`; those that ask meanwhile wait for the same answer.

    An error is not kept: the next question is asked again.
    """

    def __init__(
        self, ask: Callable[[], Awaitable[T]], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._clock = clock
        self._kept: tuple[float, T] | None = None  # when it was asked for, and the answer
        self._asking = asyncio.Lock()

    async def get(self) -> T:
        async with self._asking:
            if self._kept is None or self._clock() - self._kept[0] >= self._seconds:
                self._kept = (self._clock(), await self._ask())
            return self._kept[1]
