"""Database errors, split by what the caller should do; answers of a server as sentences."""

import json
from http import HTTPStatus
from typing import Final

from libsql_client import LibsqlError

from audioprep.jobs.text.redaction import sentence_of


class DatabaseError(Exception):
    """Base of every database failure the bridge handles.

    DatabaseError
    |-- DatabaseUnavailable       the same call may work in a moment: network, time-out, busy, 429, 5xx
    `-- DatabaseRefused           it never will, and no other: wrong token, missing table, quota used up
        `-- StatementRefused      it never will, others may: bad SQL, a value, a constraint
            `-- AnswerTooLarge    ask for less
    """


class DatabaseUnavailable(DatabaseError):
    """Back off and try again; whether the last write landed is unknown."""


class DatabaseRefused(DatabaseError):
    """A person has to change something first."""


class StatementRefused(DatabaseRefused):
    """This statement or its values; the database itself is well."""


class AnswerTooLarge(StatementRefused):
    """The server answers 10 MB at most. What the statement wrote is written: https://docs.turso.tech/sdk/http/reference."""


UNIQUE_INDEX: Final = "idx_jobs_unique"
_BUSY_CODES: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_FULL", "STREAM_EXPIRED")
_CLOSED_CODES: Final = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_AUTH")
_MOMENTARY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_STATEMENT: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


def is_busy(error: LibsqlError) -> bool:
    """Whether another writer was at work: nothing was changed, and the same call may be repeated at once."""
    return error.code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def from_libsql(error: LibsqlError) -> DatabaseError:
    """The library's error as one of ours."""
    message = error.explanation
    if error.code.startswith(_BUSY_CODES):
        return DatabaseUnavailable(f"The database is busy or cannot write: {message}.")
    if error.code == "BLOCKED":
        return DatabaseRefused(f"The database blocks reads or writes ({message}): check its plan and quota.")
    if error.code == "RESPONSE_TOO_LARGE" or "Response is too large" in message:
        return AnswerTooLarge(f"The database's answer would be larger than it allows ({message}).")
    if "no such table" in message or "no such index" in message:
        return DatabaseRefused(f"The database lacks a table or index of ours ({message}): run `audioprep migrate`.")
    if "no such column" in message or "has no column" in message:
        return DatabaseRefused(f"A table lacks a column of ours ({message}): see docs/job-contract.md.")
    if UNIQUE_INDEX in message:
        return StatementRefused("An active row of this type and tenant has the same uniqueKey.")
    if error.code.startswith(_CLOSED_CODES):
        return DatabaseRefused(f"The database cannot be used: {message}.")
    return StatementRefused(f"The database refused a statement: {message}.")


def from_http(status: int, body: str, remedy: str) -> DatabaseError:
    """An answer other than 200. `remedy` is the setting that holds the credentials."""
    said = f"{status}: {reason}" if (reason := _reason(body)) else str(status)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return DatabaseRefused(f"The database refused our credentials ({said}): check {remedy}.")
    if status in _MOMENTARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DatabaseUnavailable(f"The database answered {said}.")
    if status in _STATEMENT:
        return StatementRefused(f"The database refused a request ({said}).")
    return DatabaseRefused(f"The database answered {said}: check TURSO_DATABASE_URL.")


def _reason(body: str) -> str:
    """What the server says in JSON or in plain text; the markup of a gateway says nothing."""
    if body.lstrip().startswith("<"):
        return ""
    try:
        answer = json.loads(body)
    except ValueError:
        return sentence_of(body).rstrip(".")
    error = answer.get("error") if isinstance(answer, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return sentence_of(message).rstrip(".") if isinstance(message, str) else ""
