"""Usage of the table by its newest rows: how many jobs of which type, how long, how large."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from libsql_client import Client, Row
from libsql_client.client import Value

from audioprep.bridge.store.queries import USAGE
from audioprep.jobs.timestamps import from_text, to_text

MAX_SCANNED: Final = 10_000


@dataclass(frozen=True, slots=True)
class TypeUsage:
    """Jobs of one type. `seconds` is their mean time from INSERT to end, with the wait; None if none completed.

    `bytes` are those of the rows' JSON, `stored_bytes` those of the originals that were stored.
    """

    type: str
    jobs: int
    seconds: float | None
    retries: float
    bytes: int
    stored_bytes: int
    entries: int


@dataclass(frozen=True, slots=True)
class Usage:
    """`since` is when the oldest of these rows was made; None without rows. `complete`: no row is left out."""

    types: tuple[TypeUsage, ...]
    since: datetime | None
    complete: bool

    @property
    def jobs(self) -> int:
        return sum(each.jobs for each in self.types)


async def read_usage(client: Client, since: datetime, types: Collection[str]) -> Usage:
    """The rows made since then, of these types; of more than 10,000 rows the newest. Raises DatabaseError."""
    found = await client.execute(USAGE["usage"], {"since": to_text(since), "scanned": MAX_SCANNED})
    rows = [(_usage(row), row[7]) for row in found.rows]
    oldest = [moment for _, text in rows if (moment := _moment(text)) is not None]
    return Usage(
        types=tuple(usage for usage, _ in rows if usage.type in types),
        since=min(oldest, default=None),
        complete=sum(usage.jobs for usage, _ in rows) < MAX_SCANNED,
    )


def _usage(row: Row) -> TypeUsage:
    kind, jobs, seconds, retries, size, stored, entries, _ = row.astuple()
    return TypeUsage(
        type=kind.decode(errors="replace") if isinstance(kind, bytes) else str(kind),
        jobs=int(_number(jobs)),
        seconds=None if seconds is None else max(_number(seconds), 0.0),
        retries=_number(retries),
        bytes=int(_number(size)),
        stored_bytes=int(_number(stored)),
        entries=int(_number(entries)),
    )


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _moment(value: Value) -> datetime | None:
    try:
        return from_text(value.decode(errors="replace") if isinstance(value, bytes) else str(value))
    except ValueError:
        return None
