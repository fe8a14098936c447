"""Lists of jobs for the command line. The indexes bound what each of them reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from libsql_client import Client, InStatement
from libsql_client.client import InValue

from audioprep.bridge.store.queries import JOBS
from audioprep.bridge.store.rows import jobs_of
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text, utc_now

MAX_SCANNED: Final = 1_000  # rows read to find those of one type
_INLINE_BYTES: Final = 32_768  # of JSON in a row of a list; what is larger is left out, and `show` prints it


_SKEW: Final = timedelta(minutes=5)  # that an app's clock may be ahead of ours
_END_OF_TIME: Final = b"\xff" * 8  # after every text, and after blobs that untrusted rows may have instead


def latest_present() -> str:
    """The latest `createdAt` that is not from the future."""
    return to_text(utc_now() + _SKEW)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which rows to list; None means all."""

    status: JobStatus | None = None
    type: str | None = None
    since: datetime | None = None


class JobLists:
    """Many rows at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def newest(self, limit: int, wanted: JobFilter | None = None) -> list[Job]:
        """The newest rows that fit, newest first; rows from the future, as an app's clock may make them, after those.

        Reads as many as it returns, rows from the future besides, and up to MAX_SCANNED for a type.
        """
        wanted = wanted or JobFilter()
        since, now = to_text(wanted.since) if wanted.since else "", latest_present()
        arguments: dict[str, InValue] = {
            "type": wanted.type,
            "scanned": limit if wanted.type is None else MAX_SCANNED,
            "limit": limit,
            "inline": _INLINE_BYTES,
            **({"status": wanted.status.value} if wanted.status else {}),
        }
        query = JOBS["newest_of_status" if wanted.status else "newest"]
        ranges: list[tuple[str, InValue]] = [(since, now), (max(since, f"{now} "), _END_OF_TIME)]
        answers = await self._client.batch(
            [(query, {**arguments, "since": first, "until": last}) for first, last in ranges]
        )
        return [job for answer in answers for job in jobs_of(answer)][:limit]

    async def unfinished(self, limit: int) -> list[Job]:
        """Rows that are waited for: those being cancelled, those being processed, and the oldest that wait."""
        return jobs_of(await self._client.execute(JOBS["unfinished"], {"limit": limit, "inline": _INLINE_BYTES}))

    async def get_all(self, job_ids: Sequence[str]) -> list[Job]:
        """The rows that are there, in the order asked for, in one request."""
        statements: list[InStatement] = [
            (JOBS["get_listed"], {"job_id": job_id, "inline": _INLINE_BYTES}) for job_id in job_ids
        ]
        answers = await self._client.batch(statements) if statements else []
        return [job for answer in answers for job in jobs_of(answer)]
