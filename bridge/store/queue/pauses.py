"""Pauses: which rows are not claimed for a while, by type or source."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from libsql_client import Client

from audioprep.bridge.database.errors import DatabaseRefused
from audioprep.bridge.store.queries import PAUSES
from audioprep.bridge.store.rows import shown
from audioprep.jobs.job import Job
from audioprep.jobs.timestamps import to_text

ALL: Final = "all"
TYPE, SOURCE = "type:", "source:"
FORGET_AFTER: Final = timedelta(days=1)


def type_scope(job_type: str) -> str:
    return TYPE + job_type


def source_scope(source: str) -> str:
    return SOURCE + source


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause, as an operator made it. `until` and `made_at` are ISO 8601, UTC."""

    scope: str
    until: str
    reason: str
    made_by: str
    made_at: str

    @property
    def sentence(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.scope} paused until {self.until[:16].replace('T', ' ')} UTC by {self.made_by}{why}"


def pause_of(job: Job, pauses: Sequence[Pause]) -> Pause | None:
    """The pause that keeps a row from being claimed, if one does; its metadata was read."""
    scopes = {ALL, type_scope(job.type), source_scope(_source_of(job.metadata))}
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
        ended = [(scope, await self._client.execute(PAUSES["end"], {"scope": scope})) for scope in scopes]
        return [scope for scope, result in ended if result.rows_affected]

    async def forget(self, now: datetime) -> None:
        """Delete pauses that have been over for a day."""
        await self._client.execute(PAUSES["forget"], {"before": to_text(now - FORGET_AFTER)})

    async def read(self, now: datetime) -> list[Pause]:
        """Those that are not over; none before `migrate` has made the table."""
        try:
            found = await self._client.execute(PAUSES["list"], {"now": to_text(now)})
        except DatabaseRefused:
            return []
        return [Pause(*(shown(value) for value in row.astuple())) for row in found.rows]


def _source_of(metadata: str | None) -> str:
    try:
        document = json.loads(metadata or "null")
    except (ValueError, RecursionError):
        return ""
    source = document.get("sourceType") if isinstance(document, dict) else None
    return source if isinstance(source, str) else ""
