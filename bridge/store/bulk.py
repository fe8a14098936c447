"""Bulk operations: rows selected by filter, and retries, each an atomic pair of writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Final

from libsql_client import Client, Row
from libsql_client.client import InValue, Value

from audioprep.bridge.store.queries import BULK
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text

MAX_SCANNED: Final = 10_000  # rows read of each type and status, at most


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Rows of some types and statuses. No `kinds` means all of them; `since` is when a row was made."""

    types: frozenset[str]
    statuses: frozenset[JobStatus]
    kinds: frozenset[str] = frozenset()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SelectedRow:
    """What a person has to know of a row before it is changed. `kind` is that of its error, empty if it names none."""

    job_id: str
    type: str
    status: JobStatus
    kind: str
    created_at: str


class BulkStore:
    """Selections and retries."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def select(self, wanted: RowFilter) -> list[SelectedRow]:
        """The rows that fit, oldest first; rows that were retried already are left out."""
        found: list[SelectedRow] = []
        for status, kind in product(sorted(wanted.statuses), sorted(wanted.types)):
            arguments: dict[str, InValue] = {
                "status": status.value,
                "type": kind,
                "since": to_text(wanted.since) if wanted.since else "",
                "scanned": MAX_SCANNED,
                "limit": MAX_SCANNED,
            }
            found += _selected((await self._client.execute(BULK["select"], arguments)).rows)
        fitting = [row for row in found if not wanted.kinds or row.kind in wanted.kinds]
        return sorted(fitting, key=lambda row: (row.created_at, row.job_id))

    async def retry(self, job_id: str, new_id: str, now: datetime) -> bool:
        """Insert a pending row that asks for the same, and name it in the old one, in one transaction.

        False when the row is not one that failed or whose cancel is acknowledged, was retried already, or has metadata
        that is no JSON object. Raises StatementRefused when an index of the table does not allow the new row.
        """
        arguments: dict[str, InValue] = {"job_id": job_id, "new_id": new_id}
        _, inserted = await self._client.batch(
            [
                (BULK["mark_retried"], arguments),
                (BULK["insert_retry"], {**arguments, "now": to_text(now)}),
            ]
        )
        return inserted.rows_affected == 1


def _selected(rows: Iterable[Row]) -> list[SelectedRow]:
    """Rows with an id that can be asked for again: valid UTF-8."""
    return [
        SelectedRow(_text(row[0]), _text(row[1]), JobStatus(_text(row[2])), _text(row[3]), _text(row[4]))
        for row in rows
        if _text(row[0]).encode() == row[0]
    ]


def _text(value: Value) -> str:
    if value is None:
        return ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
