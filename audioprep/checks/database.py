"""The database: reached, let in, and with our table and indexes."""

from audioprep.bridge.database import open_database
from audioprep.bridge.queries import SCHEMA
from audioprep.bridge.store import JobStore
from audioprep.checks.clock import clock_skew, judged
from audioprep.settings import Settings


async def check_database(settings: Settings) -> str:
    async with open_database(settings.database.database_url, settings.database.token) as database:
        missing = await JobStore(database).missing()
    if missing:
        raise RuntimeError(f"{settings.database.shown_url} lacks {', '.join(missing)}: run `audioprep migrate`")
    return f"{settings.database.shown_url} has the table and all {len(SCHEMA) - 1} indexes"


async def check_clock(settings: Settings) -> str:
    async with open_database(settings.database.database_url, settings.database.token) as database:
        return judged(await clock_skew(database))
