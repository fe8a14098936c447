"""The identity of a jobs table: it keeps the jobs of several tables apart in one Temporal namespace and one bucket."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from libsql_client import Client, InStatement, ResultSet

from audioprep.bridge.store.queries import JOBS, SCHEMA

_TABLE_ID, _PLACE = "tableId", "place"


@dataclass(frozen=True, slots=True)
class TableIdentity:
    """`place` is where the database was when a bridge first served the table: host and path, without credentials.

    A copy of a database has the identity of its original. It shows by its place: `is_copy`.
    """

    table_id: str
    place: str = ""
    is_copy: bool = False


async def identify(database: Client, url: str) -> TableIdentity:
    """The table's identity, for a bridge that serves it at `url`; the first bridge leaves its place.

    Raises DatabaseError.
    """
    statements: list[InStatement] = [
        SCHEMA["create_meta_table"],
        SCHEMA["make_table_id"],
        (JOBS["make_place"], {"place": place_of(url)}),
        JOBS["meta"],
    ]
    return _identity((await database.batch(statements))[-1], url)


async def read_identity(database: Client, url: str) -> TableIdentity | None:
    """The same for those who only read; None before a bridge or `migrate` has made one."""
    made = await database.execute("SELECT name FROM sqlite_master WHERE name = 'audio_prep_meta'")
    meta = await database.execute(JOBS["meta"]) if made.rows else None
    return _identity(meta, url) if meta and any(row[0] == _TABLE_ID for row in meta.rows) else None


async def renew(database: Client, url: str) -> TableIdentity:
    """A new identity, for a database that is a copy of another one: its jobs are its own from now on."""
    await database.batch(
        [
            JOBS["renew_table_id"],
            (JOBS["set_meta"], {"name": _PLACE, "value": place_of(url)}),
        ]
    )
    return await identify(database, url)


async def move(database: Client, url: str) -> TableIdentity:
    """The same identity at a new place, for a database that has moved."""
    await database.execute(JOBS["set_meta"], {"name": _PLACE, "value": place_of(url)})
    return await identify(database, url)


def _identity(meta: ResultSet, url: str) -> TableIdentity:
    known = {str(row[0]): str(row[1]) for row in meta.rows}
    here = place_of(url)
    place = known.get(_PLACE, here)
    # The path of a file may be relative in one place and absolute in another.
    return TableIdentity(known[_TABLE_ID], place, is_copy=Path(place).absolute() != Path(here).absolute())


def place_of(url: str) -> str:
    """Host, port and path of a database URL, without credentials and query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname or ''}{port}{parts.path.rstrip('/')}"
