"""The jobs in this bridge's care: each is looked at by one task at a time, followed live, and dropped when done."""

import asyncio
import time
from collections.abc import Iterable

import structlog

from audioprep.bridge.database_errors import DatabaseError, StatementRefused
from audioprep.bridge.executions import Executions
from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.temporal_errors import TemporalUnavailable
from audioprep.bridge.views import Missing, WorkflowView
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus

log = structlog.get_logger()

_FEW = 16  # jobs of which each stage is followed as it comes; with more, only their ends, and stages by the looks

MOMENTARY = (TemporalUnavailable, DatabaseError)
"""Errors of the other side that are not ours to mend: back off and look again."""


class Care:
    """Rows by job id. What is here is only a memory of the last look: the next full look corrects it."""

    def __init__(self, reconciler: Reconciler, executions: Executions) -> None:
        self._reconciler = reconciler
        self._executions = executions
        self._jobs: dict[str, Job] = {}
        self._looked: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._claimed: set[str] = set()
        self._followers: dict[str, asyncio.Task[None]] = {}
        self.freed = asyncio.Event()  # set whenever a job leaves our care

    @property
    def in_flight(self) -> int:
        """Jobs claimed and not final."""
        return sum(job.status is JobStatus.PROCESSING for job in self._jobs.values())

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._jobs

    def __len__(self) -> int:
        return len(self._jobs)

    def due(self, older_than: float, at_most: int) -> list[Job]:
        """Jobs not looked at for `older_than` seconds, longest first."""
        limit = time.monotonic() - older_than
        waiting = [job_id for job_id, looked in self._looked.items() if looked <= limit]
        waiting.sort(key=self._looked.__getitem__)
        return [self._jobs[job_id] for job_id in waiting[:at_most]]

    async def settle_all(self, jobs: Iterable[Job], claimed: Iterable[Job] = ()) -> None:
        """Look at several jobs at once. One that cannot be settled does not keep the others from it.

        Rows in `claimed` were just claimed by this bridge: they are started without asking first whether they have a
        workflow. The start itself finds out, and leaves one that is there as it is.

        Raises one of MOMENTARY when a look failed because Temporal or the database is away.
        """
        looks: list[tuple[Job, WorkflowView | None]] = [(job, Missing()) for job in claimed]
        self._claimed.update(job.job_id for job, _ in looks)
        looks += [(job, None) for job in jobs]
        outcomes = await asyncio.gather(*(self.settle(*look) for look in looks), return_exceptions=True)
        away: BaseException | None = None
        for (job, _), outcome in zip(looks, outcomes, strict=True):
            if isinstance(outcome, StatementRefused):  # this row's alone: the database is there
                log.error("job_not_settled", job_id=job.job_id, error=str(outcome))
            elif isinstance(outcome, MOMENTARY):
                away = outcome
                self._looked[job.job_id] = float("-inf")  # a look that failed was none: due again at once
            elif isinstance(outcome, Exception):
                log.error("job_not_settled", job_id=job.job_id, exc_info=outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
        if away is not None:
            raise away

    async def settle(self, job: Job, seen: WorkflowView | None = None) -> None:
        """One look at a job; afterwards it is in our care or out of it."""
        async with self._locks.setdefault(job.job_id, asyncio.Lock()):
            self._looked[job.job_id] = time.monotonic()
            self._jobs[job.job_id] = job
            after = await self._reconciler.settle(job, seen, claimed=job.job_id in self._claimed)
            if after is None:
                self._drop(job.job_id)
            else:
                self._jobs[job.job_id] = after
                self._follow(job.job_id)

    async def close(self) -> None:
        """Stop following. The jobs themselves run on."""
        followers = list(self._followers.values())
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)

    def _drop(self, job_id: str) -> None:
        for memory in (self._jobs, self._looked, self._locks):
            memory.pop(job_id, None)
        self._claimed.discard(job_id)
        self.freed.set()

    def _follow(self, job_id: str) -> None:
        if job_id not in self._followers:
            follower = asyncio.create_task(self._walk(job_id), name=f"follow {job_id}")
            self._followers[job_id] = follower
            follower.add_done_callback(lambda _: self._followers.pop(job_id, None))

    async def _walk(self, job_id: str) -> None:
        """Settle the job the moment there is news. Whatever breaks this off, the periodic look replaces."""
        try:
            async for seen in self._executions.follow(job_id, stages=len(self._followers) <= _FEW):
                job = self._jobs.get(job_id)
                if job is None:
                    return
                await self.settle(job, seen)
        except MOMENTARY as error:
            log.info("follow_broken_off", job_id=job_id, error=str(error))
        except Exception:
            log.exception("follow_failed", job_id=job_id)
