"""What can go wrong between us and the database, split by what the caller should do."""

from libsql_client import LibsqlError


class DatabaseError(Exception):
    """Base of every database failure the bridge handles.

    DatabaseError
    |-- DatabaseUnavailable   the same call may work in a moment: network, time-out, busy, 429, 5xx
    `-- DatabaseRefused       it never will: wrong token, missing table, bad SQL
        `-- AnswerTooLarge    the same question about fewer rows may be answered
    """


class DatabaseUnavailable(DatabaseError):
    """Back off and try again; whether the last write landed is unknown."""


class DatabaseRefused(DatabaseError):
    """A person has to change something first."""


class AnswerTooLarge(DatabaseRefused):
    """The answer would be larger than the server sends: 10 MB by default."""


_BUSY_CODES = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_FULL", "STREAM_EXPIRED")


def is_busy(error: LibsqlError) -> bool:
    """Whether another writer was at work: nothing was changed, and the same call may be repeated at once."""
    return error.code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def from_libsql(error: LibsqlError) -> DatabaseError:
    """The library's error as one of ours."""
    message = error.explanation
    if error.code.startswith(_BUSY_CODES):
        return DatabaseUnavailable(f"The database is busy or cannot write: {message}.")
    if "too large" in message:
        return AnswerTooLarge(f"The database's answer would be too large: {message}.")
    if "no such table" in message or "no such index" in message:
        return DatabaseRefused(f"The database lacks a table or index of ours ({message}): run `audioprep migrate`.")
    return DatabaseRefused(f"The database refused a statement: {message}.")
