"""Checks of the database: reachable, with our tables and indexes, no unserved types, no clock skew."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.identity import read_identity
from audioprep.bridge.store.queue.pauses import PauseTable
from audioprep.bridge.store.retention import RetentionStore
from audioprep.bridge.store.service import ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.checks.finding import CheckWarning
from audioprep.extension import served_types
from audioprep.jobs.timestamps import to_text, utc_now
from audioprep.settings import Settings


class NoDatabaseFile(RuntimeError):
    """The database is a file that is not there."""


@asynccontextmanager
async def existing_database(settings: Settings) -> AsyncIterator[Client]:
    """A connection that makes no file: a check changes nothing. Raises NoDatabaseFile."""
    url = settings.database.database_url
    if url.startswith("file:") and not await asyncio.to_thread(Path(urlsplit(url).path).exists):
        raise NoDatabaseFile(f"there is no {settings.database.redacted_url}: `audioprep migrate` makes it")
    async with open_database(url, settings.database.token) as database:
        yield database


_NOW = "SELECT (julianday('now') - 2440587.5) * 86400.0"
_TOLERATED = 5.0  # seconds


async def clock_skew(database: Client) -> float:
    """Seconds that our clock is ahead of the database server's, within half a round trip."""
    before = time.time()
    result = await database.execute(_NOW)
    theirs = result.rows[0][0]
    return (before + time.time()) / 2 - float(str(theirs))


def verdict(skew: float) -> str:
    """The skew as a sentence. Raises RuntimeError when it is too much."""
    if abs(skew) > _TOLERATED:
        direction = "ahead of" if skew > 0 else "behind"
        raise RuntimeError(
            f"this machine's clock is {abs(skew):.0f} s {direction} the database's: turn on time synchronisation"
        )
    return f"within {_TOLERATED:g} s of the database's"


_COUNTED: Final = 100  # rows of each type


async def check_database(settings: Settings) -> str:
    async with existing_database(settings) as database:
        missing = await JobStore(database).missing()
        identity = await read_identity(database, settings.database.database_url)
    if missing:
        raise RuntimeError(f"{settings.database.redacted_url} lacks {', '.join(missing)}: run `audioprep migrate`")
    if identity and identity.is_copy:
        raise CheckWarning(
            f"the table was first served at {identity.place}: run `audioprep migrate --new-identity` if this database"
            " is a copy of that one, or `audioprep migrate --moved` if it has moved; until then no orphan is cancelled"
        )
    return f"{settings.database.redacted_url} has the table and all indexes"


async def check_types(settings: Settings) -> str:
    """Raises Advice when rows wait whose type is not served."""
    types = served_types(settings).names
    async with existing_database(settings) as database:
        waiting = await JobStore(database, types).unserved(_COUNTED)
    if waiting:
        counts = ", ".join(f"{name} ({count}{'+' * (count == _COUNTED)})" for name, count in waiting.items())
        raise CheckWarning(f"pending rows of types that are not served here: {counts}; served are {', '.join(types)}")
    return f"served are {', '.join(types)}; no row of another type waits"


async def check_bridges(settings: Settings) -> str:
    """Raises CheckWarning when bridges have served the table, and none does any more."""
    async with existing_database(settings) as database:
        status = await ServiceTable(database, used=settings.bridge.liveness_interval > 0).read(utc_now())
    if status is None:
        return "bridges do not report: AUDIOPREP_LIVENESS_INTERVAL is 0, or the table is not there yet"
    if status.last_seen is None:
        return "none has reported yet"
    if not status.bridges:
        raise CheckWarning(
            f"none is running, the last report is of {to_text(status.last_seen)}: rows wait until one is"
        )
    said = f"{status.bridges} running, {status.in_flight} of {status.slots} slots in use"
    return said if status.is_recent(utc_now()) else f"{said} at {to_text(status.last_seen)}"


async def check_pauses(settings: Settings) -> str:
    """Raises CheckWarning when rows are held back by a pause."""
    async with existing_database(settings) as database:
        pauses = await PauseTable(database).read(utc_now())
    if pauses:
        scopes = " ".join(pause.scope for pause in pauses)
        raise CheckWarning(f"{'; '.join(pause.sentence for pause in pauses)}; `audioprep resume {scopes}` ends it")
    return "nothing is paused"


_LARGE: Final = 100_000  # rows


async def check_retention(settings: Settings) -> str:
    """Raises CheckWarning when a large table keeps all finished rows for ever."""
    if settings.retention.rules:
        return "finished rows are deleted by age"
    async with existing_database(settings) as database:
        rows = await RetentionStore(database).table_span()
    if rows >= _LARGE:
        raise CheckWarning(
            f"the table has up to {rows:,} rows, and finished ones are kept for ever: set AUDIOPREP_KEEP_COMPLETE=30d,"
            " AUDIOPREP_KEEP_FAILED=90d and AUDIOPREP_KEEP_CANCELLED=7d on the bridges, or what your app needs;"
            " `audioprep prune --before 90d --dry-run` counts"
        )
    return "finished rows are kept for ever, which this table is small enough for"


async def check_clock(settings: Settings) -> str:
    async with existing_database(settings) as database:
        return verdict(await clock_skew(database))
