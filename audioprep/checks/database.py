"""Checks of the database: reachable, with our tables and indexes, no unserved types, no clock skew."""

import time
from typing import Final

from libsql_client import Client

from audioprep.bridge.store.database import open_database
from audioprep.bridge.store.identity import read_identity
from audioprep.bridge.store.store import JobStore
from audioprep.checks.finding import CheckWarning
from audioprep.extension import served_types
from audioprep.settings import Settings

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
    async with open_database(settings.database.database_url, settings.database.token) as database:
        missing = await JobStore(database).missing()
        identity = await read_identity(database, settings.database.database_url)
    if missing:
        raise RuntimeError(f"{settings.database.redacted_url} lacks {', '.join(missing)}: run `audioprep migrate`")
    if identity and identity.is_copy:
        raise CheckWarning(
            f"the table was first served at {identity.place}: run `audioprep migrate --new-identity` if this database"
            " is a copy of that one, or `audioprep migrate --moved` if it has moved; until then no stray is cancelled"
        )
    return f"{settings.database.redacted_url} has the table and all indexes"


async def check_types(settings: Settings) -> str:
    """Raises Advice when rows wait whose type is not served."""
    types = served_types(settings).names
    async with open_database(settings.database.database_url, settings.database.token) as database:
        waiting = await JobStore(database, types).unserved(_COUNTED)
    if waiting:
        counts = ", ".join(f"{name} ({count}{'+' * (count == _COUNTED)})" for name, count in waiting.items())
        raise CheckWarning(f"pending rows of types that are not served here: {counts}; served are {', '.join(types)}")
    return f"served are {', '.join(types)}; no row of another type waits"


async def check_clock(settings: Settings) -> str:
    async with open_database(settings.database.database_url, settings.database.token) as database:
        return verdict(await clock_skew(database))
