"""Retention of finished rows: deletion in bounded pages, by status, type and age."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from libsql_client import Client
from libsql_client.client import InValue

from audioprep.bridge.store.queries import RETENTION
from audioprep.jobs.status import FINAL_STATUSES, JobStatus
from audioprep.jobs.timestamps import to_text

PAGE: Final = 500  # rows read in one pass, at most
_START: Final[tuple[bytes, int]] = (b"", 0)


@dataclass(frozen=True, slots=True)
class KeepRules:
    """How long rows are kept after their end, by final status; a status without a rule is kept for ever."""

    ages: Mapping[JobStatus, timedelta] = field(default_factory=dict)

    def cuts(self, now: datetime) -> dict[JobStatus, datetime]:
        """What ended before these moments may go."""
        return {status: now - age for status, age in self.ages.items()}

    def __bool__(self) -> bool:
        return bool(self.ages)


@dataclass(frozen=True, slots=True)
class Ended:
    """Rows of one status and type that ended before a moment."""

    status: JobStatus
    type: str
    before: datetime

    def __post_init__(self) -> None:
        if self.status not in FINAL_STATUSES:
            raise ValueError(f"rows that are {self.status.value} have not ended")

    @property
    def arguments(self) -> dict[str, InValue]:
        return {"status": self.status.value, "type": self.type, "cut": to_text(self.before)}


def ended_rows(types: Iterable[str], cuts: Mapping[JobStatus, datetime]) -> Iterator[Ended]:
    """Every pair of type and status that has rows to delete."""
    return (Ended(status, name, before) for name in sorted(types) for status, before in cuts.items())


@dataclass(frozen=True, slots=True)
class Page:
    """What one page brought. `place` is where the next one begins; None when there is none."""

    read: int
    deleted: int
    place: tuple[bytes, int] | None


class RetentionStore:
    """Deletes finished rows of the types served. Two bridges at once do no harm."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def delete_page(self, ended: Ended, place: tuple[bytes, int] | None = None, limit: int = PAGE) -> Page:
        """Read up to `limit` rows in the order of the index from `place` on, and delete those that may go."""
        after, rowid = place or _START
        arguments: dict[str, InValue] = {"after": after, "after_rowid": rowid, "limit": limit}
        rows = (await self._client.execute(RETENTION["page"], {**ended.arguments, **arguments})).rows
        gone = [int(str(row[0])) for row in rows if row[2]]
        deleted = await self._delete(ended, gone) if gone else 0
        last = (_bytes(rows[-1][1]), int(str(rows[-1][0]))) if len(rows) == limit else None
        return Page(len(rows), deleted, None if last == place else last)

    async def count(self, ended: Ended, limit: int) -> int:
        """How many rows `delete_page` would delete in the end, counted up to `limit`. Reads a row for each."""
        result = await self._client.execute(RETENTION["count_ended"], {**ended.arguments, "limit": limit})
        return int(str(result.rows[0][0]))

    async def table_span(self) -> int:
        """An upper bound of the rows in the table, of whatever type and status. Reads two rows."""
        result = await self._client.execute(RETENTION["table_span"])
        return int(str(result.rows[0][0]))

    async def _delete(self, ended: Ended, rowids: list[int]) -> int:
        arguments: dict[str, InValue] = {**ended.arguments, "rowids": json.dumps(rowids)}
        return (await self._client.execute(RETENTION["delete_ended"], arguments)).rows_affected


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
