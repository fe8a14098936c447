"""Circuit breaker for sites: after a refusal of this server no visit by the same exit, for a while; then one first.

The state is this worker's. Until the first visit of a site has got through, there is one at a time: a playlist that
meets a bot check makes one visit, and not one for each of its entries.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from audioprep.activities.attempt.handover import reschedule_error
from audioprep.activities.download.exits.exit import Exit
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

_WAIT: Final = 1.0  # seconds until a visit that waits for the first one asks again
_PATIENCE: Final = 5.0  # seconds in which one of the runs at once may end
_MAX_SITES: Final = 1000


@dataclass(slots=True)
class _Site:
    open: bool = False  # a visit got through
    first: bool = False  # the first visit is under way
    account_until: float = 0.0
    paused: dict[str, tuple[float, JobError]] = field(default_factory=dict)  # by exit: until when, and why


@dataclass(slots=True)
class Visit:
    """One attempt at a site, by one exit. `through` is to be called once the site gives a recording."""

    site: str
    exits: tuple[Exit, ...]
    exit: Exit
    through: Callable[[], None]
    refused: bool = False


class SiteGuard:
    """`pause` is in seconds, `runs` the most visits at once of all sites; `clock` in seconds of any origin."""

    def __init__(self, pause: float = 900.0, runs: int = 3, clock: Callable[[], float] = time.monotonic) -> None:
        self._runs = asyncio.Semaphore(runs)
        self._pause = pause
        self._clock = clock
        self._sites: dict[str, _Site] = {}

    @asynccontextmanager
    async def visit(self, site: str, exits: tuple[Exit, ...], turn: int) -> AsyncIterator[Visit]:
        """Visit `site` while the block lasts, by the first exit from number `turn` on that is not paused.

        Raises the refusal itself while all are paused, and ApplicationError of kind SITE_BUSY while another visit is
        the first one.
        """
        async with self._run(site), self._visit(site, exits, turn) as visit:
            yield visit

    @asynccontextmanager
    async def _run(self, site: str) -> AsyncIterator[None]:
        """One of the runs at once: their memory is bounded."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._runs.acquire()
        except TimeoutError:
            sentence = f"The worker has as many visits as its memory allows; {site} has to wait."
            raise reschedule_error(ErrorKind.SITE_BUSY, sentence, wait=_WAIT) from None
        try:
            yield
        finally:
            self._runs.release()

    @asynccontextmanager
    async def _visit(self, site: str, exits: tuple[Exit, ...], turn: int) -> AsyncIterator[Visit]:
        state = self._state(site)
        chosen = self._free(state, exits, turn)
        if chosen is None:
            raise self._refusal(state, exits)
        if state.first and not state.open:
            sentence = f"{site} is asked by another step whether it answers this worker."
            raise reschedule_error(ErrorKind.SITE_BUSY, sentence, wait=_WAIT)
        probing = not state.open
        state.first = state.first or probing

        def through() -> None:
            state.open = True

        visit = Visit(site, exits, chosen, through)
        try:
            yield visit
        except JobError:
            state.open = state.open or not visit.refused  # any other answer is one
            raise
        finally:
            if probing:
                state.first = False

    def refused(self, visit: Visit, error: JobError) -> JobError:
        """Note that the site refuses this worker by the visit's exit. Returns the error to fail with.

        With another exit left it may pass, at once; else the job fails now, and so does every other one for a while.
        """
        state = self._state(visit.site)
        state.open, visit.refused = False, True
        if not self._pause:
            return error
        state.paused[visit.exit.label] = (self._clock() + self._pause, error)
        if self._free(state, visit.exits, 0) is None:
            return error
        return TransientError(error.kind, error.message)

    def wants_account(self, site: str) -> bool:
        """The site has lately asked for an account where this worker came without one."""
        return self._state(site).account_until > self._clock()

    def account_helped(self, site: str) -> None:
        self._state(site).account_until = self._clock() + self._pause

    def _free(self, state: _Site, exits: tuple[Exit, ...], turn: int) -> Exit | None:
        now = self._clock()
        order = (exits[(turn + number) % len(exits)] for number in range(len(exits)))
        return next((each for each in order if state.paused.get(each.label, (0.0, None))[0] <= now), None)

    def _refusal(self, state: _Site, exits: tuple[Exit, ...]) -> JobError:
        error = max((state.paused[each.label] for each in exits), key=lambda pause: pause[0])[1]
        return PermanentError(error.kind, error.message)

    def _state(self, site: str) -> _Site:
        if len(self._sites) >= _MAX_SITES and site not in self._sites:
            idle = [name for name, state in self._sites.items() if not state.first]
            for name in idle[: _MAX_SITES // 2]:
                del self._sites[name]
        return self._sites.setdefault(site, _Site())
