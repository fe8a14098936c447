"""Liveness reporter: writes the bridge's row of `audio_prep_service`, seldom, and when something has changed."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from audioprep.bridge.database.errors import DatabaseError, DatabaseRefused
from audioprep.bridge.store.service import BridgeReport, ServiceTable
from audioprep.bridge.tracking.durations import Durations
from audioprep.bridge.tracking.tracker import JobTracker
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()

_REPEATED: Final = timedelta(seconds=60)  # an unchanged report is written again after this time
_LEAVE_TIMEOUT: Final = 2.0  # seconds
_SLACK: Final = timedelta(seconds=30)  # for a slow database, and clocks that differ


@dataclass(frozen=True, slots=True)
class Written:
    """The last report, and when it was written."""

    report: BridgeReport
    at: datetime


def is_due(report: BridgeReport, last: Written | None, now: datetime, repeated: timedelta = _REPEATED) -> bool:
    """Whether the report has to be written: it is the first, differs from the last one, or that is old."""
    return last is None or report != last.report or now - last.at >= repeated


class LivenessReporter:
    """`interval` is the shortest time between two writes, in seconds; `slots` are the jobs that the bridge takes on."""

    name = "liveness"

    def __init__(
        self,
        table: ServiceTable,
        tracker: JobTracker,
        durations: Durations,
        workers: Callable[[], Awaitable[tuple[str, ...] | None]],
        *,
        slots: int,
        interval: float,
    ) -> None:
        self._table = table
        self._tracker = tracker
        self._durations = durations
        self._workers = workers
        self._slots = slots
        self._interval = interval
        self._repeated = max(_REPEATED, timedelta(seconds=2 * interval))
        self._bridge = uuid.uuid4().hex[:12]
        self._last: Written | None = None
        self._refused = False

    def interval(self) -> float:
        # The runner comes up to a fifth early; the interval is a promise about writes.
        return self._interval / 0.8

    async def run_once(self) -> None:
        """A table that cannot be written must not make the bridge unhealthy: jobs run all the same."""
        try:
            await self._report()
        except DatabaseRefused as error:
            if not self._refused:
                log.warning("liveness_not_written", error=str(error))
            self._refused = True

    async def leave(self) -> None:
        """The bridge stops."""
        if self._last is None:
            return
        try:
            async with asyncio.timeout(_LEAVE_TIMEOUT):
                await self._table.leave(self._bridge, utc_now())
        except (DatabaseError, TimeoutError) as error:  # it counts as alive until its time is over
            log.warning("liveness_not_written", error=str(error))

    async def _report(self) -> None:
        if self._last is None:
            found = await self._table.read(utc_now())
            self._durations.seed(found.median_seconds if found else {})
        workers = await self._workers()
        report = BridgeReport(
            workers=None if workers is None else len(workers),
            in_flight=self._tracker.in_flight,
            slots=self._slots,
            median_seconds=self._durations.medians(),
        )
        now = utc_now()
        if not is_due(report, self._last, now, self._repeated):
            return
        write = self._table.enter if self._last is None else self._table.write
        await write(self._bridge, report, now, 2 * self._repeated + _SLACK)
        self._last = Written(report, now)
