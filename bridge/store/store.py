"""Jobs table: every read and every guarded write (optimistic locking) of the bridge and the command line."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from libsql_client import Client, ResultSet
from libsql_client.client import InValue

from audioprep.bridge.database.errors import StatementRefused
from audioprep.bridge.store.outbox import OutboxWriter, end_rows
from audioprep.bridge.store.queries import JOBS, SCHEMA, UNIQUE, for_types
from audioprep.bridge.store.queue.circuit import BreakerRules
from audioprep.bridge.store.queue.claims import Claims
from audioprep.bridge.store.queue.poll import Fairness, Poll
from audioprep.bridge.store.rows import jobs_of, shown, text_of
from audioprep.jobs.errors import FailedResult
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.registry import JOB_TYPES, MAX_METADATA_BYTES
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

log = structlog.get_logger()

_CREATED: Final = re.compile(r"CREATE (?:TABLE|(?:UNIQUE )?INDEX) IF NOT EXISTS (\w+)")
_TYPED: Final = ("pending", "queue", "cancel_pending")  # queries with a part for each type


class JobStore:
    """Rows in, rows out. Writes say whether they won: False means the row was no longer in the state they need.

    `types` are the words of the `type` column that are served: polls and claims see no other row. With an
    `outbox`, each end that is written has an entry there, by the same transaction; without one, only rows are written.
    """

    def __init__(
        self,
        client: Client,
        types: Sequence[str] = JOB_TYPES.names,
        outbox: OutboxWriter | None = None,
        fairness: Fairness | None = None,
        breaker: BreakerRules | None = None,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._claims = Claims(client, types, fairness or Fairness(), outbox, breaker)
        self.breaker = self._claims.breaker
        self._typed = {name: for_types(JOBS[name], types) for name in _TYPED}
        self.types = frozenset(types)

    @property
    def free_types(self) -> list[str]:
        """The types served that no pause holds back, by the last poll."""
        return self._claims.free_types

    async def migrate(self) -> None:
        """Make the tables and the indexes that are missing, in two requests. An existing table is not altered.

        Raises DatabaseRefused when it lacks a column. Active rows that have a key in common keep the index of keys from
        being made: `missing` names it then.
        """
        await self._client.batch(list(SCHEMA.values()))
        try:
            await self._client.execute(UNIQUE["create_unique_index"])
        except StatementRefused as error:
            log.warning("unique_index_refused", error=str(error))

    async def missing(self) -> list[str]:
        """The names of the tables and indexes that `migrate` would make. Raises DatabaseRefused as it does."""
        found = await self._client.execute("SELECT name FROM sqlite_master WHERE tbl_name LIKE 'audio_prep_%'")
        names = {str(row[0]) for row in found.rows}
        if "audio_prep_jobs" in names:
            await self._client.execute(SCHEMA["columns"])
        wanted = [_CREATED.search(statement) for statement in (*SCHEMA.values(), *UNIQUE.values())]
        return [match[1] for match in wanted if match and match[1] not in names]

    async def poll(
        self,
        now: datetime,
        *,
        capacity: int,
        with_processing: bool,
        cancelled_since: str = "",
        take: Callable[[int], int] | None = None,
    ) -> Poll:
        """Look for work, and claim up to `capacity` of the rows that wait: `Claims.poll`."""
        return await self._claims.poll(
            now, capacity=capacity, with_processing=with_processing, cancelled_since=cancelled_since, take=take
        )

    async def pending(self, limit: int) -> list[str]:
        """When the rows that wait were made, oldest first."""
        result = await self._execute("pending", {"limit": limit})
        return [shown(row[0]) for row in result.rows]

    async def queue(self, limit: int) -> tuple[int, str]:
        """How many rows wait, counted up to `limit` of each type, and when the oldest was made; empty if none waits."""
        (row,) = (await self._execute("queue", {"limit": limit})).rows
        return int(shown(row[0])), shown(row[1] or "")

    async def unserved(self, limit: int, types: int = 50) -> dict[str, int]:
        """Types of pending rows that are not served, with the number of their rows up to `limit` each.

        Costs a row read for each type and for each row counted, however many there are.
        """
        result = await self._client.execute(JOBS["pending_types"], {"limit": limit, "types": types})
        counts = {shown(row[0]): int(shown(row[1])) for row in result.rows}
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
        return text_of(result.rows[0][0]) if result.rows else None

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
        return await self._end("fail", job_id, now, error=error, result=facts.to_json(), stage=stage)

    async def reap(self, job: Job, error: str, facts: FailedResult, now: datetime) -> bool:
        result = facts.to_json()
        return await self._end("reap", job.job_id, now, error=error, result=result, seen_at=job.updated_at)

    async def request_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._end("request_cancel", job_id, now)

    async def record_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._end("record_cancel", job_id, now)

    async def acknowledge_cancel(self, job_id: str, now: datetime) -> bool:
        return await self._end("acknowledge_cancel", job_id, now)

    async def cancel_pending(self, until: str, now: datetime) -> list[str]:
        """Cancel every row that waits, is of a type served, and was made no later than `until`. Returns their ids."""
        statement, types = self._typed["cancel_pending"]
        arguments: dict[str, InValue] = {"until": until, "now": to_text(now), **types}
        result = await end_rows(self._client, (statement, arguments), self._outbox, JobStatus.CANCELLED, now)
        return [shown(row[0]) for row in result.rows]

    async def _one(self, query: str, arguments: dict[str, InValue]) -> Job | None:
        found = jobs_of(await self._client.execute(JOBS[query], arguments))
        return found[0] if found else None

    async def _execute(self, query: str, arguments: dict[str, InValue]) -> ResultSet:
        """A query over the types served."""
        statement, types = self._typed[query]
        return await self._client.execute(statement, {**arguments, **types})

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
