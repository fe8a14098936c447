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

_LOOK_AGAIN: Final = (0.5, 1.5)  # seconds after which a step that found no room asks again, at random in this range


@dataclass(slots=True)
class _Site:
    """How many visit it now, and when the next visit may begin, in seconds of the monotonic clock."""

    concurrency: int = 0
    next_visit: float = 0.0


class HostLimiter:
    """The visits of one worker. `interval` is in seconds between two that begin at the same site."""

    def __init__(self, at_once: int = 2, interval: float = 0.0) -> None:
        self._at_once = at_once
        self._interval = interval
        self._sites: dict[str, _Site] = {}

    @asynccontextmanager
    async def visit(self, site: str) -> AsyncIterator[None]:
        """Visit `site`, as `hosts.site_of` names it, while the block lasts.

        Who is one too many gives the step back instead of waiting in a slot that another site's download could use:
        raises ApplicationError of kind SITE_BUSY, which the workflow answers by asking again later.
        """
        self._forget()
        found = self._sites.setdefault(site, _Site())
        if found.concurrency >= self._at_once:
            sentence = f"{site} has as many visits of this worker as it may."
            raise reschedule_error(ErrorKind.SITE_BUSY, sentence, wait=random.uniform(*_LOOK_AGAIN))  # noqa: S311 - no secret
        found.concurrency += 1
        try:
            begin = max(time.monotonic(), found.next_visit)
            found.next_visit = begin + self._interval
            await asyncio.sleep(begin - time.monotonic())
            yield
        finally:
            found.concurrency -= 1

    def _forget(self) -> None:
        """Sites that may be visited at once need no memory."""
        now = time.monotonic()
        for name in [name for name, site in self._sites.items() if not site.concurrency and site.next_visit <= now]:
            del self._sites[name]
