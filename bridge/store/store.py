"""Jobs table: every read and every guarded write (optimistic locking) of the bridge and the command line."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog
from libsql_client import Client, ResultSet, Row
from libsql_client.client import InValue, Value

from audioprep.bridge.store.errors import AnswerTooLarge
from audioprep.bridge.store.outbox import OutboxWriter
from audioprep.bridge.store.queries import JOBS, SCHEMA, for_types
from audioprep.jobs.errors import ErrorKind, FailedResult
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.registry import JOB_TYPES, MAX_METADATA_BYTES, METADATA_TOO_LARGE
from audioprep.jobs.request import MAX_JOB_ID
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

log = structlog.get_logger()

_CREATED: Final = re.compile(r"CREATE (?:TABLE|INDEX) IF NOT EXISTS (\w+)")
MAX_LISTED: Final = 4_000  # rows in one answer: a libSQL server sends 10 MB at most, and an id may have 800 bytes
_FEW_LISTED: Final = 100  # after an answer that was too large all the same
_MAX_CLAIMED: Final = 100  # rows in one claim, whose metadata comes along
_INLINE_BYTES: Final = 32_768  # of metadata in a claim or a list; what is larger is read row by row
# Queries with a part for each type.
_TYPED: Final = ("claim", "look", "look_since", "pending", "queue", "cancel_pending")
_NOT_TEXT: Final = "The metadata is not text."
_BAD_ID: Final = f"The jobId must be text of 1 to {MAX_JOB_ID} characters, without control characters."
_REFUSED: Final = FailedResult.of(ErrorKind.INVALID_PAYLOAD, 0).model_dump_json()


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll brought: rows just claimed, rows whose claim failed them, cancels to carry out, and rows being
    processed if asked for. `waiting` says that pending rows were there before the claim, `more` that the claim took as
    many as it could: there may be others.
    """

    claimed: list[Job]
    refused: list[Job]
    cancel_requested: list[Job]
    processing: list[Job]
    waiting: bool
    more: bool


class JobStore:
    """Rows in, rows out. Writes say whether they won: False means the row was no longer in the state they need.

    `types` are the words of the `type` column that are served: polls and claims see no other row. With an
    `outbox`, each end that is written has an entry there, by the same transaction; without one, only rows are written.
    """

    def __init__(
        self, client: Client, types: Sequence[str] = JOB_TYPES.names, outbox: OutboxWriter | None = None
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._claim_at_most = _MAX_CLAIMED
        self._typed = {name: for_types(JOBS[name], types) for name in _TYPED}
        self.types = frozenset(types)

    async def migrate(self) -> None:
        """Make the tables and the indexes that are missing, in one request. An existing table is not altered.

        Raises DatabaseRefused when it lacks a column.
        """
        await self._client.batch(list(SCHEMA.values()))

    async def missing(self) -> list[str]:
        """The names of the tables and indexes that `migrate` would make. Raises DatabaseRefused as it does."""
        found = await self._client.execute("SELECT name FROM sqlite_master WHERE tbl_name LIKE 'audio_prep_%'")
        names = {str(row[0]) for row in found.rows}
        if "audio_prep_jobs" in names:
            await self._client.execute(SCHEMA["columns"])
        wanted = [_CREATED.search(statement) for statement in SCHEMA.values()]
        return [match[1] for match in wanted if match and match[1] not in names]

    async def poll(self, now: datetime, *, capacity: int, with_processing: bool, cancelled_since: str = "") -> Poll:
        """Look for work, in one request; if rows wait, claim up to `capacity` of them in a second one.

        Cancels whose `updatedAt` is before `cancelled_since`, if it is not empty, are left out.
        """
        limits: dict[str, InValue] = {
            "cancels": MAX_LISTED,
            "waiting": min(capacity, 1),
            "processing": MAX_LISTED if with_processing else 0,
        }
        answer = await self._look(limits, cancelled_since)
        found = _readable(answer)
        by_status = {status: [job for job in found if job.status == status] for status in JobStatus}
        waiting = any(_shown(row[2]) == JobStatus.PENDING for row in answer.rows)
        most = min(capacity, self._claim_at_most)
        taken = await self._claim(now, most) if waiting else []
        return Poll(
            cancel_requested=by_status[JobStatus.CANCELLED],
            processing=by_status[JobStatus.PROCESSING],
            claimed=[job for job in taken if job.status is JobStatus.PROCESSING],
            refused=[job for job in taken if job.status is not JobStatus.PROCESSING],
            waiting=waiting,
            more=waiting and len(taken) >= most,
        )

    async def _look(self, limits: dict[str, InValue], cancelled_since: str) -> ResultSet:
        query, since = ("look_since", {"cancelled_since": cancelled_since}) if cancelled_since else ("look", {})
        try:
            return await self._execute(query, {**limits, **since})
        except AnswerTooLarge:
            fewer = {name: min(int(str(value)), _FEW_LISTED) for name, value in limits.items()}
            return await self._execute(query, {**fewer, **since})

    async def _claim(self, now: datetime, capacity: int) -> list[Job]:
        """Rows whose claim's answer was lost are processing and queued: the next sweep takes them up."""
        arguments: dict[str, InValue] = {
            "now": to_text(now),
            "capacity": capacity,
            "inline": _INLINE_BYTES,
            "max_bytes": MAX_METADATA_BYTES,
            "too_large": METADATA_TOO_LARGE,
            "not_text": _NOT_TEXT,
            "bad_id": _BAD_ID,
            "refused": _REFUSED,
        }
        try:
            answer = await self._execute_ending("claim", arguments, JobStatus.FAILED, now)
        except AnswerTooLarge:
            self._claim_at_most = max(self._claim_at_most // 8, 1)
            log.warning("claim_answer_too_large", claims_at_most=self._claim_at_most)
            return []
        self._claim_at_most = min(self._claim_at_most * 2, _MAX_CLAIMED)
        unreadable = [row for row in answer.rows if not _has_readable_id(row)]
        return [*_readable(answer), *[await self._refuse(row, now) for row in unreadable]]

    async def _refuse(self, row: Row, now: datetime) -> Job:
        """Fail a row that was claimed before its id could be read."""
        arguments: dict[str, InValue] = {
            "raw_id": row[0],
            "now": to_text(now),
            "bad_id": _BAD_ID,
            "refused": _REFUSED,
        }
        await self._client.execute(JOBS["refuse"], arguments)
        return replace(_job(row), status=JobStatus.FAILED, error=_BAD_ID)

    async def pending(self, limit: int) -> list[str]:
        """When the rows that wait were made, oldest first."""
        result = await self._execute("pending", {"limit": limit})
        return [_shown(row[0]) for row in result.rows]

    async def queue(self, limit: int) -> tuple[int, str]:
        """How many rows wait, counted up to `limit` of each type, and when the oldest was made; empty if none waits."""
        (row,) = (await self._execute("queue", {"limit": limit})).rows
        return int(_shown(row[0])), _shown(row[1] or "")

    async def unserved(self, limit: int, types: int = 50) -> dict[str, int]:
        """Types of pending rows that are not served, with the number of their rows up to `limit` each.

        Costs a row read for each type and for each row counted, however many there are.
        """
        result = await self._client.execute(JOBS["pending_types"], {"limit": limit, "types": types})
        counts = {_shown(row[0]): int(_shown(row[1])) for row in result.rows}
        return {name: count for name, count in counts.items() if name not in self.types}

    async def get(self, job_id: str) -> Job | None:
        """The whole row, whatever its size."""
        return await self._one("get", {"job_id": job_id})

    async def get_row(self, job_id: str) -> Job | None:
        """The row without metadata and result."""
        return await self._one("get_row", {"job_id": job_id})

    async def metadata(self, job_id: str) -> str | None:
        """The row's metadata; None when it is too large to become a job, or the row is gone."""
        result = await self._client.execute(JOBS["metadata"], {"job_id": job_id, "max_bytes": MAX_METADATA_BYTES})
        return _text(result.rows[0][0]) if result.rows else None

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
        return await self._end("complete", job_id, now, result=result, stage=stage)

    async def fail(self, job_id: str, error: str, facts: FailedResult, now: datetime, stage: str | None = None) -> bool:
        """`error` is for people, `facts` for programs."""
        return await self._end("fail", job_id, now, error=error, result=facts.model_dump_json(), stage=stage)

    async def reap(self, job: Job, error: str, facts: FailedResult, now: datetime) -> bool:
        result = facts.model_dump_json()
        return await self._end("reap", job.job_id, now, error=error, result=result, seen_at=job.updated_at)

    async def request_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._end("request_cancel", job_id, now)

    async def record_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._end("record_cancel", job_id, now)

    async def acknowledge_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._end("acknowledge_cancel", job_id, now)

    async def cancel_pending(self, until: str, now: datetime) -> list[str]:
        """Cancel every row that waits, is of a type served, and was made no later than `until`. Returns their ids."""
        arguments: dict[str, InValue] = {"until": until, "now": to_text(now)}
        result = await self._execute_ending("cancel_pending", arguments, JobStatus.CANCELLED, now)
        return [_shown(row[0]) for row in result.rows]

    async def _one(self, query: str, arguments: dict[str, InValue]) -> Job | None:
        found = jobs_of(await self._client.execute(JOBS[query], arguments))
        return found[0] if found else None

    async def _execute(self, query: str, arguments: dict[str, InValue]) -> ResultSet:
        """A query over the types served."""
        statement, types = self._typed[query]
        return await self._client.execute(statement, {**arguments, **types})

    async def _execute_ending(
        self, query: str, arguments: dict[str, InValue], status: JobStatus, now: datetime
    ) -> ResultSet:
        """A query over the types served that may end rows, in `status`; their entries are in its transaction."""
        if self._outbox is None:
            return await self._execute(query, arguments)
        statement, types = self._typed[query]
        ended, entered = await self._client.batch(
            [(statement, {**arguments, **types}), self._outbox.enter_all(status, now)]
        )
        if entered.rows_affected:
            self._outbox.entered.set()
        return ended

    async def _end(self, query: str, job_id: str, now: datetime, **values: InValue) -> bool:
        """A write that may end the row; its entry is in the same transaction."""
        if self._outbox is None:
            return await self._write(query, job_id, now, **values)
        arguments: dict[str, InValue] = {"job_id": job_id, "now": to_text(now), **values}
        ended, entered = await self._client.batch([(JOBS[query], arguments), self._outbox.enter(job_id)])
        if entered.rows_affected:
            self._outbox.entered.set()
        return ended.rows_affected == 1

    async def _write(self, query: str, job_id: str, now: datetime, **values: InValue) -> bool:
        arguments: dict[str, InValue] = {"job_id": job_id, "now": to_text(now), **values}
        result = await self._client.execute(JOBS[query], arguments)
        return result.rows_affected == 1


def jobs_of(result: ResultSet) -> list[Job]:
    """The rows of an answer to a query that names the columns in our order."""
    return [_job(row) for row in result.rows]


def _readable(result: ResultSet) -> list[Job]:
    """Those with an id by which their row can be found again."""
    return [_job(row) for row in result.rows if _has_readable_id(row)]


def _has_readable_id(row: Row) -> bool:
    job_id = row[0]
    return not isinstance(job_id, bytes) or job_id == job_id.decode(errors="replace").encode()


def _job(row: Row) -> Job:
    """The queries name the columns in the order of the fields; what other programs left in them is not trusted."""
    job_id, kind, status, progress, stage, metadata, result, error, retries, created, updated = row.astuple()
    return Job(
        job_id=_shown(job_id),
        type=_shown(kind),
        status=JobStatus(_shown(status)),
        progress=_number(progress),
        stage=_text(stage),
        metadata=_text(metadata),
        result=_text(result),
        error=_text(error),
        retry_count=int(_number(retries)),
        created_at=_shown(created),
        updated_at=_shown(updated),
    )


def _text(value: Value) -> str | None:
    return None if value is None else _shown(value)


def _shown(value: Value) -> str:
    """A value as text. Columns of text come as bytes, which another program may have left in another encoding."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _number(value: Value) -> float:
    """0 for what is not a finite number."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
