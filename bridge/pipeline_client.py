"""A libSQL server over HTTP: Hrana's `/v2/pipeline`, the one protocol that Turso Cloud documents.

The library's websocket transport is refused there and its `/v1` endpoints are gone; statement and value conversion
are still the library's. Protocol: https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md
"""

import asyncio
import random
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from libsql_client import Client, InArgs, InStatement, LibsqlError, ResultSet, Transaction
from libsql_client.hrana.convert import (
    _batch_results_from_proto,
    _batch_to_proto,
    _result_set_from_proto,
    _stmt_to_proto,
)

from audioprep.bridge.database_errors import DatabaseRefused, DatabaseUnavailable, from_libsql, is_busy

CALL_TIMEOUT = 10.0  # seconds for one request; the library has none
_BUSY_TRIES = 5
_BUSY_PAUSE = (0.01, 0.1)  # seconds between two tries, at random in this range
_MOMENTARY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(slots=True)
class RowCounts:
    """What the server says it scanned and wrote for us: Turso's bill is made of these two."""

    read: int = 0
    written: int = 0


class PipelineClient(Client):
    """Every call is one POST with a time limit. Raises DatabaseUnavailable or DatabaseRefused, nothing else."""

    def __init__(self, url: str, auth_token: str | None = None) -> None:
        self._endpoint, token = _endpoint(url)
        token = auth_token or token
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self.rows = RowCounts()

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
            async with self._opened().post(self._endpoint, json=body) as response:
                if response.status != HTTPStatus.OK:
                    raise _refusal(response.status, (await response.text())[:200])
                return await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            what = "gave no answer in time" if isinstance(error, TimeoutError) else f"cannot be reached ({error})"
            raise DatabaseUnavailable(f"The database at {urlsplit(self._endpoint).netloc} {what}.") from error

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
            raise DatabaseUnavailable("The database answered something that is not its protocol.") from error
        return result

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT)
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self._session


def _endpoint(url: str) -> tuple[str, str | None]:
    """The URL of the pipeline, and the token if the URL carries one. `?tls=0` makes `libsql:` plain HTTP."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    plain = parts.scheme in ("http", "ws") or query.get("tls") == ["0"]
    base = f"{'http' if plain else 'https'}://{parts.netloc}{parts.path.rstrip('/')}"
    return f"{base}/v2/pipeline", query.get("authToken", [None])[0]


def _refusal(status: int, text: str) -> DatabaseUnavailable | DatabaseRefused:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return DatabaseRefused(f"The database refused our token ({status}): check TURSO_AUTH_TOKEN.")
    if status in _MOMENTARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DatabaseUnavailable(f"The database answered {status}: {text}.")
    return DatabaseRefused(f"The database answered {status}, check TURSO_DATABASE_URL: {text}.")


def _library_error(error: dict[str, Any]) -> LibsqlError:
    return LibsqlError(str(error.get("message", "no message")), str(error.get("code") or "UNKNOWN"))
