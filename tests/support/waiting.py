"""Waiting on a condition, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_INTERVAL = 0.02


async def eventually(check: Callable[[], Awaitable[T | None]], *, within: float = 30.0, what: str = "condition") -> T:
    """The first truthy answer of `check`; AssertionError when there is none in time."""
    deadline = time.monotonic() + within
    while True:
        found = await check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {within:g} s")
        await asyncio.sleep(_INTERVAL)
