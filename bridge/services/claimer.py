"""Claimer: polls the table at a pace, claims pending rows while there is room, and finds cancels."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from audioprep.bridge.metrics import Metrics
from audioprep.bridge.services.breaker import SourceBreaker
from audioprep.bridge.store.queue.poll import Poll
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.tracking.tracker import JobTracker
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.timestamps import to_text, utc_now

log = structlog.get_logger()

_SWEPT_PER_SECOND: Final = 16  # rows read by sweeps: with many rows they come more seldom, so that they cost no more
_CANCEL_SLACK: Final = timedelta(seconds=10)  # by which the clocks of web apps may differ
_WAITED: Final = 30.0  # seconds for which rows may wait while there is room for them


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two polls of a table: `busy` while jobs are in flight, then doubling from `first` to `last`."""

    busy: float
    first: float
    last: float

    def idle(self, polls: int) -> float:
        """After so many polls that brought nothing."""
        return float(min(self.first * 2 ** min(polls, 30), self.last))


class Claimer:
    """Claims pending rows while there is room, and finds cancels. One database request each time, two with a claim.

    Every `sweep_interval` the same request also brings the rows being processed: those of a bridge that crashed, or
    of another program that died.
    """

    name = "claimer"

    def __init__(
        self,
        store: JobStore,
        executions: Executions,
        tracker: JobTracker,
        metrics: Metrics,
        *,
        pace: Pace,
        sweep_interval: float,
        breaker: SourceBreaker | None = None,
    ) -> None:
        self._store = store
        self._executions = executions
        self._tracker = tracker
        self._metrics = metrics
        self._pace = pace
        self._breaker = breaker
        self._idle_polls = 0
        self._sweep_interval = sweep_interval
        self._claimed_full = False
        self._next_sweep = 0.0  # of the monotonic clock, which no correction of the time moves
        self._seen_until = ""  # cancels from before are known; one by a clock that is far behind comes with a sweep
        self.poll_seconds = 0.0  # that the last poll took
        self._paused: frozenset[str] = frozenset()
        self._left_since: float | None = None  # rows have waited since then although there was room

    def interval(self) -> float:
        if self._claimed_full:
            return 0
        return self._pace.busy if self._tracker.in_flight else self._pace.idle(self._idle_polls)

    def expect_rows(self) -> None:
        """The web app says that there are new rows: poll often again."""
        self._idle_polls = 0

    async def run_once(self) -> None:
        slots = self._tracker.slots
        try:
            found = await self._poll(slots.take if slots.is_shared else None)
            await self._tracker.start(found.claimed)
        except BaseException:
            slots.settle(hungry=False, served=False)
            raise
        slots.settle(hungry=found.hungry or found.more, served=bool(found.claimed))
        self._idle_polls = 0 if found.is_news or self._tracker.in_flight else self._idle_polls + 1

    async def _try_sources(self, breaker: SourceBreaker) -> None:
        """Before other rows take all slots."""
        slots = self._tracker.slots
        try:
            trials = await breaker.run(utc_now(), lambda: slots.take(1) if slots.is_shared else self._tracker.capacity)
            if trials:
                self._metrics.claimed(trials, utc_now())
                await self._tracker.start(trials)
        finally:
            slots.give_back()

    async def _poll(self, take: Callable[[int], int] | None) -> Poll:
        await self._executions.check()  # a row claimed while Temporal is away would wait for nothing
        if self._breaker is not None:
            await self._try_sources(self._breaker)
        sweep = time.monotonic() >= self._next_sweep
        capacity = 0 if take else self._tracker.capacity
        now = utc_now()
        since = "" if sweep or not self._tracker.has_cancels else self._seen_until
        began = time.monotonic()
        found = await self._store.poll(now, capacity=capacity, with_processing=sweep, cancelled_since=since, take=take)
        self.poll_seconds = time.monotonic() - began
        if sweep:
            cost = len(found.processing) + len(found.cancel_requested)
            self._next_sweep = time.monotonic() + max(self._sweep_interval, cost / _SWEPT_PER_SECOND)
        self._seen_until = to_text(now - _CANCEL_SLACK)
        self._claimed_full = found.more
        self._note_left(found)
        self._note_pauses(found)
        if self._breaker is not None:
            self._breaker.note_poll(found)
        self._metrics.claimed(found.claimed, utc_now())
        for job in found.refused:
            log.info("job_refused", job_id=job.job_id, type=job.type, error=job.error)
            self._metrics.refused(job.type, ErrorKind.INVALID_PAYLOAD)
        for job in found.superseded:
            log.info("job_superseded", job_id=job.job_id, type=job.type, ran=job.cancel_requested)
        self._metrics.superseded(job.type for job in found.superseded if not job.cancel_requested)
        running = [job for job in found.superseded if job.cancel_requested]
        self._tracker.admit([*found.cancel_requested, *running, *found.processing])
        return found

    def _note_left(self, found: Poll) -> None:
        """Rows may wait and yet none come: another bridge took them, or the claim's answer was lost and a sweep finds
        them.
        """
        if found.waiting and not found.claimed and not found.refused:
            self._left_since = self._left_since or time.monotonic()
            self._next_sweep = 0.0
        else:
            self._left_since = None

    def _note_pauses(self, found: Poll) -> None:
        if found.paused != self._paused:
            log.info("pauses_changed", paused=sorted(found.paused))
            self._paused = found.paused

    def problem(self) -> str | None:
        """What is wrong when rows wait although there is room for them."""
        waited = 0.0 if self._left_since is None else time.monotonic() - self._left_since
        return f"pending rows have waited for {waited:.0f} s while slots were free" if waited > _WAITED else None
