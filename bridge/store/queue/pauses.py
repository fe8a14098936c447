"""Pauses: which rows are not claimed for a while, by type or source."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from libsql_client import Client, InStatement, Row

from audioprep.bridge.database.errors import DatabaseRefused
from audioprep.bridge.store.queries import PAUSES
from audioprep.bridge.store.rows import shown, text_field
from audioprep.jobs.job import Job
from audioprep.jobs.timestamps import to_text, utc_now

ALL: Final = "all"
TYPE, SOURCE = "type:", "source:"
AUTOMATIC: Final = "bridge (automatic)"  # who made a pause that a breaker made
FORGET_AFTER: Final = timedelta(days=1)


def type_scope(job_type: str) -> str:
    return TYPE + job_type


def source_scope(source: str) -> str:
    return SOURCE + source


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause, as an operator or a breaker made it. `until` and `made_at` are ISO 8601, UTC.

    `is_over`: its time is over, yet it holds until one row has succeeded; of a breaker's only.
    """

    scope: str
    until: str
    reason: str
    made_by: str
    made_at: str
    is_over: bool = False

    @property
    def sentence(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        end = f"{self.until[:16].replace('T', ' ')} UTC" if not self.is_over else "one of its rows succeeds,"
        return f"{self.scope} paused until {end} by {self.made_by}{why}"


def pause_of(job: Job, pauses: Sequence[Pause]) -> Pause | None:
    """The pause that keeps a row from being claimed, if one does; its metadata was read."""
    scopes = {ALL, type_scope(job.type), source_scope(text_field(job.metadata, "sourceType"))}
    return next((pause for pause in pauses if pause.scope in scopes), None)


class PauseTable:
    """Raises DatabaseError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def add(self, pause: Pause) -> None:
        """A pause of the same scope is replaced."""
        await self._client.execute(
            PAUSES["set"],
            {
                "scope": pause.scope,
                "until": pause.until,
                "reason": pause.reason,
                "made_by": pause.made_by,
                "now": pause.made_at,
            },
        )

    async def end(self, scopes: Collection[str]) -> list[str]:
        """Resume. Returns those of the scopes that had a pause, over or not."""
        return [scope for scope in scopes if await self._end(scope)]

    async def _end(self, scope: str) -> bool:
        forgive: InStatement = (PAUSES["forgive"], {"scope": scope, "now": to_text(utc_now())})
        ended, _ = await self._client.batch([(PAUSES["end"], {"scope": scope}), forgive])
        return ended.rows_affected > 0

    async def forget(self, now: datetime) -> None:
        """Delete pauses that have been over for a day."""
        await self._client.execute(PAUSES["forget"], {"before": to_text(now - FORGET_AFTER)})

    async def read(self, now: datetime) -> list[Pause]:
        """Those that hold; none before `migrate` has made the table."""
        try:
            found = await self._client.execute(PAUSES["list"], {"now": to_text(now)})
        except DatabaseRefused:
            return []
        return [_pause_of(row, to_text(now)) for row in found.rows]


def _pause_of(row: Row, now: str) -> Pause:
    scope, until, reason, made_by, made_at = (shown(value) for value in row.astuple())
    return Pause(scope, until, reason, made_by, made_at, is_over=until <= now)
