"""Sweep of orphaned workflows: those whose row was made final by hand, or deleted."""

import time
from collections.abc import Sequence

import structlog

from audioprep.bridge.store.identity import TableIdentity
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.tracking.tracker import JobTracker

log = structlog.get_logger()


class OrphanSweeper:
    """Cancels workflows whose row was made final by hand, or deleted. A slow sweep.

    A row that is not there may be one that a replica of the database has not got yet: so it has to be missing for
    `patience` seconds.
    """

    name = "orphans"

    def __init__(
        self,
        store: JobStore,
        executions: Executions,
        tracker: JobTracker,
        identity: TableIdentity,
        *,
        interval: float,
        patience: float,
    ) -> None:
        self._store = store
        self._executions = executions
        self._tracker = tracker
        self._identity = identity
        self._interval = interval
        self._patience = patience
        self._missing: dict[str, float] = {}  # jobs without a row, and since when

    @property
    def has_missing(self) -> bool:
        return bool(self._missing)

    def interval(self) -> float:
        return min(self._interval, self._patience) if self._missing else self._interval

    async def run_once(self) -> None:
        if not self._identity.is_copy:  # the workflows with a copy's id may be those of the original
            await self.sweep([job_id async for job_id in self._executions.open_jobs()])

    async def sweep(self, open_jobs: Sequence[str]) -> None:
        """Look at the rows of jobs whose workflow is open."""
        missing: dict[str, float] = {}
        for job_id in [] if self._identity.is_copy else open_jobs:
            if job_id in self._tracker:
                continue
            row = await self._store.get_row(job_id)
            if row is not None:
                if row.type in self._store.types:  # another bridge's otherwise
                    self._tracker.admit([row])
            elif time.monotonic() - self._missing.get(job_id, time.monotonic()) < self._patience:
                missing[job_id] = self._missing.get(job_id, time.monotonic())
            else:
                log.warning("orphan_cancelled", job_id=job_id)
                await self._executions.cancel(job_id)
        self._missing = missing
