"""A libSQL server over HTTP: Hrana's `/v2/pipeline`, the one protocol that Turso Cloud documents.

The library's websocket transport is refused there and its `/v1` endpoints are gone; statement and value conversion
are still the library's. Protocol: https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md
"""

import asyncio
import json
import random
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from libsql_client import Client, InArgs, InStatement, LibsqlError, ResultSet, Transaction
from libsql_client.hrana.convert import (
    _batch_results_from_proto,
    _batch_to_proto,
    _result_set_from_proto,
    _stmt_to_proto,
)

from audioprep.bridge.database.database_url import endpoint_of
from audioprep.bridge.database.errors import DatabaseUnavailable, from_http, from_libsql, is_busy

CALL_TIMEOUT = 10.0  # seconds for one request, from when it is sent; the library has none
MAX_CALLS: Final = 8  # requests under way; more wait, oldest first
_MOST_CONNECTIONS: Final = 256  # of all databases of one process: files are few
_BUSY_TRIES = 5
_BUSY_PAUSE = (0.01, 0.1)  # seconds between two tries, at random in this range
_NOT_ITS_PROTOCOL = "The database answered something that is not its protocol."
_MAX_REFUSAL = 2000  # bytes of an answer other than 200 that are read


@dataclass(slots=True)
class RowCounts:
    """What the server says it scanned and wrote for us: Turso's bill is made of these two."""

    read: int = 0
    written: int = 0


class PipelineClient(Client):
    """Every call is one POST with a time limit, `max_calls` at once. Raises DatabaseError from its calls, nothing else.

    Raises ValueError for a URL that cannot be read.
    """

    def __init__(
        self,
        url: str,
        auth_token: str | None = None,
        max_calls: int = MAX_CALLS,
        connections: "SharedConnections | None" = None,
    ) -> None:
        """With `connections` the client has none of its own, and counts its rows there."""
        self._endpoint = endpoint_of(url, auth_token)
        self._connections = connections
        self._max_calls = max_calls
        self._calls = asyncio.Semaphore(max_calls)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self.rows = connections.rows if connections else RowCounts()

    async def execute(self, stmt: InStatement, args: InArgs = None) -> ResultSet:
        result = await self._call({"type": "execute", "stmt": _stmt_to_proto(stmt, args)})
        return _result_set_from_proto(result)

    async def batch(self, stmts: list[InStatement]) -> list[ResultSet]:
        result = await self._call({"type": "batch", "batch": _batch_to_proto(stmts)})
        return _batch_results_from_proto(result, len(stmts))

    def transaction(self) -> Transaction:
        raise LibsqlError("Use batch: it is atomic on every transport.", "TRANSACTIONS_NOT_SUPPORTED")

    async def close(self) -> None:
        self._closed = True
        if self._session is not None:
            await self._session.close()

    @property
    def closed(self) -> bool:
        return self._closed

    async def _call(self, request: dict[str, Any]) -> Any:
        """The result of one request; a busy server is asked again, since nothing was changed."""
        for tries_left in reversed(range(_BUSY_TRIES)):
            try:
                return self._result(await self._post({"requests": [request, {"type": "close"}]}))
            except LibsqlError as error:
                if not is_busy(error) or tries_left == 0:
                    raise from_libsql(error) from error
            await asyncio.sleep(random.uniform(*_BUSY_PAUSE))  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable: the last try returns or raises")

    async def _post(self, body: dict[str, Any]) -> Any:
        try:
            # The wait for a turn is not in the time limit: it says nothing of the server.
            async with (
                self._calls,
                self._opened().post(self._endpoint.url, json=body, headers=self._headers) as response,
            ):
                if response.status != HTTPStatus.OK:
                    refusal = (await response.content.read(_MAX_REFUSAL)).decode(errors="replace")
                    raise from_http(response.status, refusal, self._endpoint.remedy)
                text = await response.read()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            what = "gave no answer in time" if isinstance(error, TimeoutError) else f"cannot be reached ({error})"
            raise DatabaseUnavailable(f"The database at {self._endpoint.host} {what}.") from error
        try:
            return json.loads(text)
        except ValueError as error:
            raise DatabaseUnavailable(_NOT_ITS_PROTOCOL) from error

    def _result(self, reply: Any) -> Any:
        try:
            outcome = reply["results"][0]
            if outcome["type"] == "error":
                raise _library_error(outcome["error"])
            result = outcome["response"]["result"]
            for counted in result.get("step_results", [result]):
                self.rows.read += (counted or {}).get("rows_read", 0)
                self.rows.written += (counted or {}).get("rows_written", 0)
            for error in filter(None, result.get("step_errors", [])):
                raise _library_error(error)
        except (KeyError, IndexError, TypeError) as error:
            raise DatabaseUnavailable(_NOT_ITS_PROTOCOL) from error
        return result

    def _opened(self) -> aiohttp.ClientSession:
        if self._connections is not None:
            return self._connections.session
        if self._session is None:
            self._session = _session(self._max_calls)
        return self._session

    @property
    def _headers(self) -> dict[str, str] | None:
        authorization = self._endpoint.authorization
        return {"Authorization": authorization} if authorization else None


class SharedConnections:
    """Connections of many clients, whose databases may be on different servers; `rows` are those of all of them."""

    def __init__(self) -> None:
        self.rows = RowCounts()
        self.session = _session(_MOST_CONNECTIONS)

    async def close(self) -> None:
        await self.session.close()


def _session(connections: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT),
    )


def rows_of(database: Client) -> RowCounts | None:
    """None for a database in a file, which does not count its rows."""
    return database.rows if isinstance(database, PipelineClient) else None


def _library_error(error: dict[str, Any]) -> LibsqlError:
    return LibsqlError(str(error.get("message", "no message")), str(error.get("code") or "UNKNOWN"))
