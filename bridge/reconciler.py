"""Reconciler of one job's row and workflow: look, decide, act. Every action is idempotent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

import structlog

from audioprep.bridge.actions import (
    Abandon,
    AcknowledgeCancel,
    Action,
    CancelWorkflow,
    Complete,
    Fail,
    Nothing,
    Reap,
    RecordCancel,
    ReserveId,
    Start,
    WriteProgress,
)
from audioprep.bridge.decide import DecideOptions, decide
from audioprep.bridge.metrics import Metrics
from audioprep.bridge.spans import start_span
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.temporal.launch import Launcher
from audioprep.bridge.views import Running, WorkflowView
from audioprep.jobs.errors import ErrorKind, FailedResult, PermanentError
from audioprep.jobs.job import Job
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()


class Reconciler:
    """Applies what `decide` says."""

    def __init__(
        self,
        store: JobStore,
        executions: Executions,
        launcher: Launcher,
        rules: DecideOptions,
        clock: Callable[[], datetime] = utc_now,
        metrics: Metrics | None = None,
        on_end: Callable[[Action], None] | None = None,
    ) -> None:
        self._store = store
        self._executions = executions
        self._launcher = launcher
        self._rules = rules
        self._clock = clock
        self._metrics = metrics or Metrics()
        self._on_end = on_end

    async def reconcile(self, job: Job, seen: WorkflowView | None = None, *, claimed: bool = False) -> Job | None:
        """One look at a job, and what follows from it. `seen` is Temporal's view when the caller has it already,
        `claimed` whether this bridge claimed the row.

        Returns the row as it is now while the job needs more care, None when it needs none.
        """
        if seen is None:
            seen = await self._executions.view(job.job_id)
        action = decide(job, seen, self._clock(), self._rules, claimed=claimed)
        if isinstance(action, Nothing):
            return job if isinstance(seen, Running) else None
        after = await self._apply(job, action, seen)
        if not isinstance(action, WriteProgress):
            log.info("job_settled", job_id=job.job_id, type=job.type, action=type(action).__name__)
        return after

    async def _apply(self, job: Job, action: Action, seen: WorkflowView) -> Job | None:
        """Carry out one action. Returns the row that still needs care, if any."""
        match action:
            case Nothing():
                return job
            case Start():
                return await self._start(job)
            case ReserveId():
                return await self._take_id(job)
            case CancelWorkflow():
                await self._executions.cancel(job.job_id)
                return job
            case WriteProgress(stage, progress, retries):
                written = await self._store.write_progress(job, stage, progress, retries, self._clock())
                if written is not None and stage != job.stage:
                    self._metrics.wrote_stage(seen, self._clock())
                return written or await self._store.get_row(job.job_id)
            case _:
                closed = await self._close(job, action)
                if closed:
                    self._metrics.ended(job.type, action)
                    self._metrics.wrote_end(seen, self._clock())
                    if self._on_end is not None:
                        self._on_end(action)
                return None if closed else await self._store.get_row(job.job_id)

    async def _close(
        self, job: Job, action: Complete | Fail | Reap | Abandon | RecordCancel | AcknowledgeCancel
    ) -> bool:
        """Write a job's end. False when another program wrote one first."""
        now = self._clock()
        match action:
            case Complete(result, stage):
                return await self._store.complete(job.job_id, result, now, stage)
            case Fail(error, kind, stage, attempts):
                return await self._store.fail(job.job_id, error, FailedResult.of(kind, attempts), now, stage)
            case Reap(error):
                return await self._store.reap(job, error, FailedResult.of(ErrorKind.LOST, job.retry_count + 1), now)
            case Abandon(error, kind, attempts):
                await self._executions.terminate(job.job_id, error)
                return await self._store.fail(job.job_id, error, FailedResult.of(kind, attempts), now)
            case RecordCancel():
                return await self._store.record_cancel(job.job_id, now)
            case AcknowledgeCancel():
                return await self._store.acknowledge_cancel(job.job_id, now)
            case _:
                assert_never(action)

    async def _start(self, job: Job) -> Job | None:
        try:
            with start_span(job, self._launcher.table_id):
                await self._launcher.start(job)
        except PermanentError as error:
            log.info("job_refused", job_id=job.job_id, type=job.type, error=error.message)
            facts = FailedResult.of(error.kind, 0)
            if await self._store.fail(job.job_id, error.message, facts, self._clock()):
                self._metrics.refused(job.type, error.kind)
            return None
        return replace(job, metadata=None)  # Temporal has it: in memory it would be kept for as long as the job runs

    async def _take_id(self, job: Job) -> Job | None:
        try:
            await self._launcher.take_id(job)
        except PermanentError:  # no workflow exists for this type: nothing can be running
            await self._store.acknowledge_cancel(job.job_id, self._clock())
            return None
        return job
