"""Database connections: the app's own, of `libsql`, `sqlite3` or another module with SQLite's DB-API."""

from collections.abc import Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """What is read of a cursor."""

    def fetchall(self) -> Sequence[Sequence[Any]]: ...


class Connection(Protocol):
    """What is asked of a connection. It may be used by one thread at a time, as these modules want it."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any: ...

    def commit(self) -> None: ...


def rows(connection: Connection, sql: str, *values: object) -> Sequence[Sequence[Any]]:
    """The rows of a SELECT."""
    cursor: Cursor = connection.execute(sql, values)
    return cursor.fetchall()


def change(connection: Connection, sql: str, *values: object) -> int:
    """How many rows a write with RETURNING has changed; committed."""
    cursor: Cursor = connection.execute(f"{sql} RETURNING jobId", values)
    changed = len(cursor.fetchall())
    connection.commit()
    return changed
