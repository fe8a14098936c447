"""A libSQL database in a local file: the library's own client, kept off the event loop."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from libsql_client import (
    Client,
    ClientSync,
    InArgs,
    InStatement,
    LibsqlError,
    ResultSet,
    Transaction,
    create_client_sync,
)

from audioprep.bridge.database.errors import DatabaseUnavailable, from_libsql, is_busy

_BUSY_TIMEOUT = 5.0  # seconds to go on trying while another process writes
_PAUSE = (0.005, 0.03)  # seconds between two tries, at random in this range

T = TypeVar("T")


class FileClient(Client):
    """The library's `file:` client blocks, and gives up at once on a busy file: here it has a thread, and patience."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self._client: ClientSync | None = None
        self._closed = False

    async def execute(self, stmt: InStatement, args: InArgs = None) -> ResultSet:
        return await self._run(lambda client: client.execute(stmt, args))

    async def batch(self, stmts: list[InStatement]) -> list[ResultSet]:
        return await self._run(lambda client: client.batch(stmts))

    def transaction(self) -> Transaction:
        raise LibsqlError("Use batch: it is atomic on every transport.", "TRANSACTIONS_NOT_SUPPORTED")

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._shut_down)

    @property
    def closed(self) -> bool:
        return self._closed

    async def _run(self, call: Callable[[ClientSync], T]) -> T:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _BUSY_TIMEOUT
        while True:
            try:
                return await loop.run_in_executor(self._thread, lambda: call(self._opened()))
            except LibsqlError as error:
                if not is_busy(error) or loop.time() > deadline:
                    raise from_libsql(error) from error
            await asyncio.sleep(random.uniform(*_PAUSE))  # noqa: S311 - jitter, not a secret

    def _opened(self) -> ClientSync:
        """In the thread: the client, made at the first call."""
        if self._client is None:
            path = Path(urlsplit(self._url).path)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DatabaseUnavailable(f"The folder of {path} cannot be made: {error.strerror}.") from error
            client = create_client_sync(self._url)
            # Readers and the writer of several processes do not block each other; the mode stays with the file.
            client.execute("PRAGMA journal_mode=WAL")
            self._client = client
        return self._client

    def _shut_down(self) -> None:
        self._thread.shutdown()
        if self._client is not None:
            self._client.close()
