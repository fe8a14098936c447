"""Transactional outbox: ends of jobs whose webhook is to be delivered."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from libsql_client import Client, InStatement, ResultSet, Row
from libsql_client.client import InValue, Value

from audioprep.bridge.store.queries import OUTBOX
from audioprep.jobs.registry import MAX_METADATA_BYTES
from audioprep.jobs.status import FINAL_STATUSES, JobStatus
from audioprep.jobs.timestamps import to_text
from audioprep.jobs.webhooks.event import MAX_BODY

_BATCH: Final = 50  # entries read at once: with 20 kB of result each they are a megabyte


@dataclass(frozen=True, slots=True)
class WebhookChoice:
    """The jobs that have a webhook: of these types, with these ends."""

    types: frozenset[str]
    statuses: frozenset[JobStatus] = FINAL_STATUSES

    def arguments(self) -> dict[str, str]:
        return {"types": _listed(self.types), "statuses": _listed(self.statuses)}


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One end, with what its row says. `raw` is the entry's key as it came from the database.

    `result_omitted`: the row's result is larger than a webhook may be.
    """

    job_id: str
    type: str
    event: str
    ended_at: str
    result: str | None
    result_omitted: bool
    error: str | None
    retry_count: int
    created_at: str
    tenant: str | None
    raw: tuple[Value, Value] = field(default=(None, None), repr=False)


class OutboxWriter:
    """Statements that follow the one that ends rows, in its batch. `entered` is set when there may be new entries."""

    def __init__(self, choice: WebhookChoice) -> None:
        self._arguments = choice.arguments()
        self.entered = asyncio.Event()

    def enter(self, job_id: str) -> InStatement:
        """For the row that the statement before has ended, if it has."""
        return OUTBOX["enter"], {"job_id": job_id, **self._arguments}

    def enter_all(self, status: JobStatus, now: datetime) -> InStatement:
        """For all rows that the statement before has brought to `status`."""
        return OUTBOX["enter_all"], {"status": status.value, "now": to_text(now), **self._arguments}


async def end_rows(
    client: Client,
    statement: tuple[str, dict[str, InValue]],
    outbox: OutboxWriter | None,
    status: JobStatus,
    now: datetime,
) -> ResultSet:
    """Execute a statement that may end rows, in `status`; their entries are in its transaction."""
    if outbox is None:
        return await client.execute(*statement)
    ended, entered = await client.batch([statement, outbox.enter_all(status, now)])
    if entered.rows_affected:
        outbox.entered.set()
    return ended


class Outbox:
    """Entries out. Raises DatabaseError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def entries(self) -> list[OutboxEntry]:
        """Some of the entries; all of them if there are fewer than fifty."""
        arguments: dict[str, InValue] = {"limit": _BATCH, "inline": MAX_BODY, "max_metadata": MAX_METADATA_BYTES}
        return [_entry(row) for row in (await self._client.execute(OUTBOX["entries"], arguments)).rows]

    async def remove(self, entries: Sequence[OutboxEntry]) -> None:
        """Delete entries whose delivery is in Temporal's hands, in one transaction."""
        statements: list[InStatement] = [
            (OUTBOX["remove"], {"job_id": entry.raw[0], "ended_at": entry.raw[1]}) for entry in entries
        ]
        if statements:
            await self._client.batch(statements)


def _listed(words: Collection[str]) -> str:
    return f",{','.join(sorted(str(word) for word in words))},"


def _entry(row: Row) -> OutboxEntry:
    job_id, kind, event, ended, result, omitted, error, retries, created, tenant = row.astuple()
    return OutboxEntry(
        job_id=_text(job_id) or "",
        type=_text(kind) or "",
        event=_text(event) or "",
        ended_at=_text(ended) or "",
        result=_text(result),
        result_omitted=bool(omitted),
        error=_text(error),
        retry_count=int(str(retries or 0)),
        created_at=_text(created) or "",
        tenant=_text(tenant),
        raw=(job_id, ended),
    )


def _text(value: Value) -> str | None:
    """Columns of text come as bytes, which another program may have left in another encoding."""
    if value is None:
        return None
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
