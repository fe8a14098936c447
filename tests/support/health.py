"""How long a role's health was red, as a supervisor sees it that asks again and again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp

_INTERVAL = 0.2  # seconds between two questions
_PATIENCE = 3.0  # seconds without an answer that count as red


@dataclass
class Health:
    """`longest` is the longest time without a green answer, in seconds; `said` what the last red one was."""

    began: float = field(default_factory=time.monotonic)
    first_green: float | None = None  # seconds after `began`
    longest: float = 0.0
    said: str = ""
    asked: int = 0

    def note(self, last_green: float, *, green: bool, text: str) -> float:
        """Take an answer down; when the last green one was."""
        now = time.monotonic()
        self.asked += 1
        if green:
            self.first_green = self.first_green if self.first_green is not None else now - self.began
        else:
            self.said = text
        self.longest = max(self.longest, now - last_green)
        return now if green else last_green


@asynccontextmanager
async def watching_health(url: str) -> AsyncIterator[Health]:
    """Asks `url`, a role's `/healthz`, while the block lasts."""
    health = Health()
    asking = asyncio.create_task(_ask(url, health))
    try:
        yield health
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking


async def _ask(url: str, health: Health) -> None:
    last_green = health.began
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE)) as session:
        while True:
            try:
                async with session.get(url) as answer:
                    green, text = answer.status == HTTPStatus.OK, (await answer.text())[:300]
            except (aiohttp.ClientError, TimeoutError) as error:
                green, text = False, repr(error)
            last_green = health.note(last_green, green=green, text=text)
            await asyncio.sleep(_INTERVAL)
