"""Lookup of job ids by their first characters, or of the newest one."""

from datetime import datetime, timedelta
from typing import Final

from libsql_client import Client, ResultSet
from libsql_client.client import InValue

from audioprep.bridge.store.queries import load_queries
from audioprep.jobs.timestamps import to_text

MIN_PREFIX: Final = 4  # characters
LAST: Final = "last"
_LOOKUP: Final = load_queries("lookup.sql")
_MOST: Final = 6  # ids of one prefix
_SKEW: Final = timedelta(minutes=5)  # a row that says it comes from a later time is not the newest
_LAST_CHARACTER: Final = "\U0010ffff"


async def ids_like(database: Client, text: str, now: datetime) -> list[str]:
    """Up to six ids that begin with `text`, or the newest for "last". Raises DatabaseError."""
    if text == LAST:
        return _ids(await database.execute(_LOOKUP["newest_id"], {"until": to_text(now + _SKEW)}))
    if len(text) < MIN_PREFIX:
        return []
    arguments: dict[str, InValue] = {"first": text, "after": text + _LAST_CHARACTER, "limit": _MOST}
    return _ids(await database.execute(_LOOKUP["ids_from"], arguments))


def _ids(found: ResultSet) -> list[str]:
    return [row[0].decode(errors="replace") if isinstance(row[0], bytes) else str(row[0]) for row in found.rows]
