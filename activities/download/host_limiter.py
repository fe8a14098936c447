"""Rate limit per host: concurrency and minimum interval of downloads."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from audioprep.activities.attempt.handover import reschedule_error
from audioprep.jobs.errors import ErrorKind

_RETRY_AFTER: Final = (0.5, 1.5)  # seconds after which a step that found no room asks again, at random in this range


@dataclass(slots=True)
class _Host:
    """Downloads that run, and when the next may begin, in seconds of the monotonic clock."""

    running: int = 0
    next_start: float = 0.0


class HostLimiter:
    """Limits of one worker process. `min_interval` is in seconds between two starts at the same host."""

    def __init__(self, concurrency: int = 2, min_interval: float = 0.0) -> None:
        self._concurrency = concurrency
        self._min_interval = min_interval
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def slot(self, site: str) -> AsyncIterator[None]:
        """Hold a download slot of `site`, as `hosts.site_of` names it, while the block lasts.

        Over the limit: raises ApplicationError of kind SITE_BUSY, so that the workflow reschedules the activity
        instead of blocking a worker slot that another host's download could use.
        """
        self._forget()
        host = self._hosts.setdefault(site, _Host())
        if host.running >= self._concurrency:
            sentence = f"{site} is at this worker's download limit."
            wait = random.uniform(*_RETRY_AFTER)  # noqa: S311 - no secret
            raise reschedule_error(ErrorKind.SITE_BUSY, sentence, wait=wait)
        host.running += 1
        try:
            begin = max(time.monotonic(), host.next_start)
            host.next_start = begin + self._min_interval
            await asyncio.sleep(begin - time.monotonic())
            yield
        finally:
            host.running -= 1

    def _forget(self) -> None:
        """Drop hosts that are not limited now: the table stays small."""
        now = time.monotonic()
        for name in [name for name, host in self._hosts.items() if not host.running and host.next_start <= now]:
            del self._hosts[name]
