"""Claims of pending rows: polls of the table, fair between tenants, the newest of those that supersede each other."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from libsql_client import Client, ResultSet, Row
from libsql_client.client import InValue

from audioprep.bridge.database.errors import AnswerTooLarge
from audioprep.bridge.store.outbox import OutboxWriter, end_rows
from audioprep.bridge.store.queries import JOBS, TENANTS, UNHELD, for_types
from audioprep.bridge.store.queue.breakers import BreakerTable
from audioprep.bridge.store.queue.circuit import BreakerRules
from audioprep.bridge.store.queue.held import PAUSED, PauseWatch
from audioprep.bridge.store.queue.poll import Fairness, Poll
from audioprep.bridge.store.rows import has_readable_id, job_of, number_of, readable_jobs, shown, tenant_of
from audioprep.jobs.errors import SUPERSEDED_SENTENCE, ErrorKind, FailedResult
from audioprep.jobs.job import Job
from audioprep.jobs.registry import MAX_METADATA_BYTES, METADATA_TOO_LARGE
from audioprep.jobs.request import MAX_JOB_ID
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

log = structlog.get_logger()

MAX_LISTED: Final = 4_000  # rows in one answer: a libSQL server sends 10 MB at most, and an id may have 800 bytes
_FEW_LISTED: Final = 100  # after an answer that was too large all the same
_MAX_CLAIMED: Final = 100  # rows in one claim, whose metadata comes along
_MAX_SUPERSEDING: Final = 500  # new rows of a type whose keys are looked at in one poll
_NO_CAP: Final = 1_000_000_000
_INLINE_BYTES: Final = 32_768  # of metadata in a claim; what is larger is read row by row
_NOT_TEXT: Final = "The metadata is not text."
_BAD_ID: Final = f"The jobId must be text of 1 to {MAX_JOB_ID} characters, without control characters."
_REFUSED: Final = FailedResult.of(ErrorKind.INVALID_PAYLOAD, 0).to_json()
_CLAIMING: Final[dict[str, InValue]] = {
    "inline": _INLINE_BYTES,
    "max_bytes": MAX_METADATA_BYTES,
    "too_large": METADATA_TOO_LARGE,
    "not_text": _NOT_TEXT,
    "bad_id": _BAD_ID,
    "refused": _REFUSED,
}
_SUPERSEDED: Final = FailedResult.of(ErrorKind.SUPERSEDED, 0).to_json()
_TENANTS, _SUPERSEDES = "(tenant)", "(supersedes)"  # the status of a row of `look` that is no job
_NO_JOBS: Final = (_TENANTS, _SUPERSEDES, PAUSED)


class Claims:
    """Looks for work, in one request; a second one claims what waits, and a third one is for rows with keys.

    `types` are the words of the `type` column that are served: no other row is seen.
    """

    def __init__(
        self,
        client: Client,
        types: Sequence[str],
        fairness: Fairness,
        outbox: OutboxWriter | None,
        breaker: BreakerRules | None = None,
    ) -> None:
        self._client = client
        self.breaker = BreakerTable(client, breaker, _CLAIMING) if breaker else None
        self._fairness = fairness
        self._outbox = outbox
        self._at_most = _MAX_CLAIMED
        names = {**{name: JOBS[name] for name in ("claim", "look", "look_since")}, **TENANTS}
        self._types = types
        self._queries = {name: for_types(query, types) for name, query in names.items()}
        self._pauses = PauseWatch(client, types, breaker=bool(breaker))
        self._after = ""  # the last tenant that a claim has served
        self._has_index = False  # of rows without a tenant
        self._superseding_until = 0  # rowid of the newest row whose key was looked at

    @property
    def free_types(self) -> list[str]:
        """Those that no pause holds back."""
        return self._pauses.free

    async def poll(
        self,
        now: datetime,
        *,
        capacity: int,
        with_processing: bool,
        cancelled_since: str = "",
        take: Callable[[int], int] | None = None,
    ) -> Poll:
        """Look for work; if rows wait, claim up to `capacity` of them, or as many as `take` then grants.

        Cancels whose `updatedAt` is before `cancelled_since`, if it is not empty, are left out.
        """
        limits: dict[str, InValue] = {
            "cancels": MAX_LISTED,
            "waiting": 1 if take else min(capacity, 1),
            "processing": MAX_LISTED if with_processing else 0,
        }
        answer = await self._look(limits, cancelled_since)
        await self._pauses.note(answer, now)
        statuses = {shown(row[2]) for row in answer.rows}
        superseded = await self._supersede(answer, now, again=with_processing) if _SUPERSEDES in statuses else []
        waiting = self._may_claim(answer)
        most = 0 if not waiting else take(self._at_most) if take else min(capacity, self._at_most)
        fair = _TENANTS in statuses
        taken = await self._claim(now, most, fair=fair) if most else []
        capped = fair and self._fairness.max_per_tenant
        found = [job for job in readable_jobs(answer) if job.status not in _NO_JOBS]
        return Poll(
            cancel_requested=[job for job in found if job.status is JobStatus.CANCELLED],
            processing=[job for job in found if job.status is JobStatus.PROCESSING],
            claimed=[job for job in taken if job.status is JobStatus.PROCESSING],
            refused=[job for job in taken if job.status is not JobStatus.PROCESSING],
            # Rows that wait for their tenant's other jobs or for the end of a pause do not wait for a bridge.
            waiting=bool(most) and (bool(taken) or not (self._pauses.sources or capped)),
            more=waiting and (bool(taken) if fair else len(taken) >= most),
            superseded=superseded,
            hungry=waiting and not most,
            paused=self._pauses.scopes,
            automatic=self._pauses.automatic,
            pending=JobStatus.PENDING in statuses,
        )

    def _may_claim(self, answer: ResultSet) -> bool:
        """Whether a row waits that no pause holds back."""
        types = [shown(row[1]) for row in answer.rows if shown(row[2]) == JobStatus.PENDING]
        return bool(types) and self._pauses.may_claim(types)

    async def _look(self, limits: dict[str, InValue], cancelled_since: str) -> ResultSet:
        query, since = ("look_since", {"cancelled_since": cancelled_since}) if cancelled_since else ("look", {})
        try:
            return await self._execute(query, {**limits, **since})
        except AnswerTooLarge:
            fewer = {name: min(int(str(value)), _FEW_LISTED) for name, value in limits.items()}
            return await self._execute(query, {**fewer, **since})

    async def _supersede(self, answer: ResultSet, now: datetime, *, again: bool) -> list[Job]:
        """Cancel what newer rows take the place of. Each row's key is looked at once, and `again` with every sweep."""
        newest = max(int(number_of(row[0])) for row in answer.rows if shown(row[2]) == _SUPERSEDES)
        if newest <= self._superseding_until and not again:
            return []
        arguments: dict[str, InValue] = {
            "seen": 0 if again else self._superseding_until,
            "newest": _MAX_SUPERSEDING,
            "now": to_text(now),
            "superseded": SUPERSEDED_SENTENCE,
            "superseded_result": _SUPERSEDED,
        }
        superseded = readable_jobs(await self._end("supersede", arguments, JobStatus.CANCELLED, now))
        self._superseding_until = newest
        return superseded

    async def _claim(self, now: datetime, capacity: int, *, fair: bool) -> list[Job]:
        """Rows whose claim's answer was lost are processing and queued: the next sweep takes them up."""
        arguments: dict[str, InValue] = {
            "now": to_text(now),
            "capacity": capacity,
            **_CLAIMING,
        }
        try:
            await self._pauses.space_claims()
            answer = await (
                self._fair_claim(arguments, now) if fair else self._end("claim", arguments, JobStatus.FAILED, now)
            )
        except AnswerTooLarge:
            self._at_most = max(self._at_most // 8, 1)
            log.warning("claim_answer_too_large", claims_at_most=self._at_most)
            return []
        self._at_most = min(self._at_most * 2, _MAX_CLAIMED)
        unreadable = [row for row in answer.rows if not has_readable_id(row)]
        return [*readable_jobs(answer), *[await self._refuse(row, now) for row in unreadable]]

    async def _fair_claim(self, arguments: dict[str, InValue], now: datetime) -> ResultSet:
        if not self._has_index:
            await self._client.execute(TENANTS["create_untenanted_index"])
            self._has_index = True
        cap = self._fairness.max_per_tenant
        fair: dict[str, InValue] = {
            "after": self._after,
            "window": self._fairness.window,
            "per_tenant": _NO_CAP if cap is None else cap,
        }
        answer = await self._end("fair_claim", {**arguments, **fair}, JobStatus.FAILED, now)
        tenants = [tenant_of(job.metadata) for job in readable_jobs(answer) if job.metadata is not None]
        self._after = max(tenants, key=lambda tenant: (tenant <= self._after, tenant), default=self._after)
        return answer

    async def _refuse(self, row: Row, now: datetime) -> Job:
        """Fail a row that was claimed before its id could be read."""
        arguments: dict[str, InValue] = {
            "raw_id": row[0],
            "now": to_text(now),
            "bad_id": _BAD_ID,
            "refused": _REFUSED,
        }
        await self._client.execute(JOBS["refuse"], arguments)
        return replace(job_of(row), status=JobStatus.FAILED, error=_BAD_ID)

    async def _execute(self, query: str, arguments: dict[str, InValue]) -> ResultSet:
        """A query over the types served."""
        statement, types = self._queries[query]
        return await self._client.execute(statement, {**arguments, **types})

    async def _end(self, query: str, arguments: dict[str, InValue], status: JobStatus, now: datetime) -> ResultSet:
        """The same for one that may end rows; a claim passes over what is paused."""
        statement, types = self._queries[query]
        if self._pauses.scopes and query != "supersede":
            statement, types = for_types(UNHELD[query], self._types)
            arguments = {**arguments, "held": f",{','.join(sorted(self._pauses.scopes))},"}
        return await end_rows(self._client, (statement, {**arguments, **types}), self._outbox, status, now)
