"""The bridge's background duties: one class, one duty."""

from datetime import timedelta
from typing import Protocol

import structlog

from audioprep.bridge.care import Care
from audioprep.bridge.executions import Executions
from audioprep.bridge.metrics import Metrics
from audioprep.bridge.store import JobStore
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()

JITTER = 0.2  # of an interval, at most, that a run may come early
LOOK_INTERVAL = 2.0  # seconds between two looks at the same running job, as between two writes of its progress


class Service(Protocol):
    """A duty: `run_once` does it, `interval` says in how many seconds it is due again."""

    @property
    def name(self) -> str: ...

    def interval(self) -> float: ...

    async def run_once(self) -> None: ...


class Intake:
    """Claims pending rows while there is room, and finds cancels. One database request each time, two with a claim.

    Every `sweep_interval` the same request also brings the rows being processed: those of a bridge that crashed, or
    of another program that died.
    """

    name = "intake"

    def __init__(
        self,
        store: JobStore,
        executions: Executions,
        care: Care,
        metrics: Metrics,
        *,
        max_in_flight: int,
        idle_interval: float,
        busy_interval: float,
        sweep_interval: float,
    ) -> None:
        self._store = store
        self._executions = executions
        self._care = care
        self._metrics = metrics
        self._max_in_flight = max_in_flight
        self._idle_interval = idle_interval
        self._busy_interval = busy_interval
        self._sweep_interval = sweep_interval
        self._claimed_full = False
        self._next_sweep = utc_now()

    def interval(self) -> float:
        if self._claimed_full:
            return 0
        return self._busy_interval if len(self._care) else self._idle_interval

    async def run_once(self) -> None:
        await self._executions.check()  # a row claimed while Temporal is away would wait for nothing
        now = utc_now()
        sweep = now >= self._next_sweep
        capacity = max(self._max_in_flight - self._care.in_flight, 0)
        found = await self._store.poll(now, capacity=capacity, with_processing=sweep)
        if sweep:
            self._next_sweep = now + timedelta(seconds=self._sweep_interval)
        self._claimed_full = 0 < capacity == len(found.claimed)
        self._metrics.claimed(found.claimed, utc_now())
        others = [job for job in found.processing if job.job_id not in self._care]  # ours are looked at by Sync
        await self._care.settle_all([*found.cancel_requested, *others], claimed=found.claimed)


class Strays:
    """Cancels workflows that run for nobody: their row was made final by hand, or deleted. A slow sweep."""

    name = "strays"

    def __init__(self, store: JobStore, executions: Executions, care: Care, *, interval: float) -> None:
        self._store = store
        self._executions = executions
        self._care = care
        self._interval = interval

    def interval(self) -> float:
        return self._interval

    async def run_once(self) -> None:
        async for job_id in self._executions.open_jobs():
            if job_id in self._care:
                continue
            row = await self._store.get(job_id)
            if row is None:
                log.warning("stray_cancelled", job_id=job_id)
                await self._executions.cancel(job_id)
            else:
                await self._care.settle(row)


class Sync:
    """Looks at the jobs in our care in turn, so that their progress reaches the rows."""

    name = "sync"

    def __init__(self, care: Care, *, interval: float, looks_per_second: float) -> None:
        self._care = care
        self._interval = interval
        self._batch = max(int(looks_per_second * interval * (1 - JITTER)), 1)

    def interval(self) -> float:
        return self._interval

    async def run_once(self) -> None:
        await self._care.settle_all(self._care.due(LOOK_INTERVAL, self._batch))
