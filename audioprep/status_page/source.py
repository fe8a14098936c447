"""Facts and actions of the status page: the bridge's own connections, bounded reads, guarded writes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from temporalio.client import Client

from audioprep.bridge.decide import DecideOptions
from audioprep.bridge.store.bulk import BulkStore
from audioprep.bridge.store.listing import JobLists
from audioprep.bridge.store.queue.pauses import PauseTable
from audioprep.bridge.store.service import ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.errors import TemporalUnavailable
from audioprep.bridge.temporal.inspection import Inspection, live_workers
from audioprep.diagnosis.evidence import gather_evidence
from audioprep.diagnosis.history import read_story
from audioprep.diagnosis.job import Diagnosis, diagnose
from audioprep.diagnosis.overview import Overview, read_overview
from audioprep.diagnosis.story import LogEntry
from audioprep.jobs.job import Job
from audioprep.jobs.timestamps import utc_now

MAX_JOBS: Final = 50
MAX_ENTRIES: Final = 200


@dataclass(frozen=True, slots=True)
class JobPage:
    """One job with its verdict, what happened to it, and where Temporal's UI shows it."""

    job: Job
    diagnosis: Diagnosis
    story: tuple[LogEntry, ...]
    link: str


@dataclass(frozen=True, slots=True)
class StatusSource:
    """A bridge's table and Temporal client. `link` is the page of a job's workflow; empty where it is not known."""

    rows: JobStore
    lists: JobLists
    service: ServiceTable
    pauses: PauseTable
    bulk: BulkStore
    table_id: str
    client: Client
    task_queue: str
    rules: DecideOptions
    link: Callable[[str], str]

    async def overview(self) -> tuple[Overview, list[Job]]:
        """The deployment, and its newest jobs. Raises DatabaseError."""
        overview = await read_overview(self.rows, self.lists, self.service, self.pauses, utc_now())
        jobs = await self.lists.newest(MAX_JOBS)
        try:
            return replace(overview, workers=await live_workers(self.client, self.task_queue)), jobs
        except (TemporalUnavailable, RuntimeError) as error:
            return replace(overview, outage=f"Temporal does not answer: {error}"), jobs

    async def job(self, job_id: str) -> JobPage | None:
        """None when there is no such row. Raises DatabaseError."""
        found = await self.lists.get_all([job_id])
        if not found:
            return None
        job = found[0]
        tables = (self.rows, self.service, self.pauses)
        evidence = await gather_evidence(self._connected, self.task_queue, self.table_id, job, *tables)
        try:
            story = await read_story(Inspection(self.client, self.task_queue, self.table_id), job)
        except (TemporalUnavailable, RuntimeError, ValueError, LookupError):  # away, or encrypted with another key
            story = []
        diagnosis = diagnose(evidence, utc_now(), self.rules)
        return JobPage(job, diagnosis, tuple(story[-MAX_ENTRIES:]), self.link(job.job_id))

    async def cancel(self, job_id: str) -> bool:
        """Optimistic locking: False when the row was final already."""
        return await self.rows.request_cancel(job_id, utc_now())

    async def retry(self, job_id: str) -> str | None:
        """The new job's id; None when the row has not failed, or was retried before."""
        new_id = str(uuid.uuid4())
        return new_id if await self.bulk.retry(job_id, new_id, utc_now()) else None

    async def _connected(self) -> Client:
        return self.client
