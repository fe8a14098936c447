"""The jobs table: every read and every guarded write the bridge and the command line make."""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime

from libsql_client import Client, ResultSet, Row
from libsql_client.client import InValue

from audioprep.bridge.queries import JOBS, SCHEMA
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

_CREATED = re.compile(r"CREATE (?:TABLE|INDEX) IF NOT EXISTS (\w+)")
_MAX_LISTED = 10_000  # rows in one answer


@dataclass(frozen=True, slots=True)
class Poll:
    """What one look brought: rows just claimed for us, cancels to carry out, rows being processed if asked for."""

    claimed: list[Job]
    cancel_requested: list[Job]
    processing: list[Job]


class JobStore:
    """Rows in, rows out. Writes say whether they won: False means the row was no longer in the state they need."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def migrate(self) -> None:
        """Make the table and the indexes that are missing, in one request. An existing table is not altered."""
        await self._client.batch(list(SCHEMA.values()))

    async def missing(self) -> list[str]:
        """The names of the table and indexes that `migrate` would make."""
        found = await self._client.execute("SELECT name FROM sqlite_master WHERE tbl_name = 'audio_prep_jobs'")
        names = {str(row[0]) for row in found.rows}
        wanted = [_CREATED.search(statement) for statement in SCHEMA.values()]
        return [match[1] for match in wanted if match and match[1] not in names]

    async def poll(self, now: datetime, *, capacity: int, with_processing: bool) -> Poll:
        """Look for work, in one request; if rows wait, claim up to `capacity` of them in a second one."""
        limits: dict[str, InValue] = {
            "cancels": _MAX_LISTED,
            "waiting": min(capacity, 1),
            "processing": _MAX_LISTED if with_processing else 0,
        }
        found = jobs_of(await self._client.execute(JOBS["look"], limits))
        by_status = {status: [job for job in found if job.status is status] for status in JobStatus}
        return Poll(
            cancel_requested=by_status[JobStatus.CANCELLED],
            processing=by_status[JobStatus.PROCESSING],
            claimed=await self._claim(now, capacity) if by_status[JobStatus.PENDING] else [],
        )

    async def _claim(self, now: datetime, capacity: int) -> list[Job]:
        return jobs_of(await self._client.execute(JOBS["claim"], {"now": to_text(now), "capacity": capacity}))

    async def pending(self, limit: int) -> list[str]:
        """When the rows that wait were made, oldest first. Costs one row read for each."""
        result = await self._client.execute(JOBS["pending"], {"limit": limit})
        return [str(row[0]) for row in result.rows]

    async def get(self, job_id: str) -> Job | None:
        found = jobs_of(await self._client.execute(JOBS["get"], {"job_id": job_id}))
        return found[0] if found else None

    async def insert(self, job: NewJob) -> None:
        """What a web app does to ask for a job."""
        metadata = json.dumps(job.metadata, ensure_ascii=False)
        await self._write("insert", job.job_id, job.created_at, type=job.type, metadata=metadata)

    async def write_progress(self, job: Job, stage: str, progress: float, retries: int, now: datetime) -> Job | None:
        """Write news of a running job, if its row is still the one in `job`. Returns the new row, None when it lost."""
        won = await self._write(
            "write_progress",
            job.job_id,
            now,
            stage=stage,
            progress=progress,
            retry_count=retries,
            seen_at=job.updated_at,
        )
        new = replace(job, stage=stage, progress=progress, retry_count=retries, updated_at=to_text(now))
        return new if won else None

    async def complete(self, job_id: str, result: str, now: datetime, stage: str | None = None) -> bool:
        return await self._write("complete", job_id, now, result=result, stage=stage)

    async def fail(self, job_id: str, error: str, now: datetime, stage: str | None = None) -> bool:
        return await self._write("fail", job_id, now, error=error, stage=stage)

    async def reap(self, job: Job, error: str, now: datetime) -> bool:
        return await self._write("reap", job.job_id, now, error=error, seen_at=job.updated_at)

    async def request_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._write("request_cancel", job_id, now)

    async def record_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._write("record_cancel", job_id, now)

    async def acknowledge_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._write("acknowledge_cancel", job_id, now)

    async def _write(self, query: str, job_id: str, now: datetime, **values: InValue) -> bool:
        arguments: dict[str, InValue] = {"job_id": job_id, "now": to_text(now), **values}
        result = await self._client.execute(JOBS[query], arguments)
        return result.rows_affected == 1


def jobs_of(result: ResultSet) -> list[Job]:
    """The rows of an answer to a query that names the columns in our order."""
    return [_job(row) for row in result.rows]


def _job(row: Row) -> Job:
    """The queries name the columns in the order of the fields; what other programs left in them is not trusted."""
    job_id, kind, status, progress, stage, metadata, result, error, retries, created, updated = row.astuple()
    return Job(
        job_id=str(job_id),
        type=str(kind),
        status=JobStatus(str(status)),
        progress=float(progress or 0),
        stage=None if stage is None else str(stage),
        metadata=str(metadata),
        result=None if result is None else str(result),
        error=None if error is None else str(error),
        retry_count=int(retries or 0),
        created_at=str(created),
        updated_at=str(updated),
    )
