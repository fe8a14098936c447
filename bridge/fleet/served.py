"""One database of many: opened, migrated, served, and tried again by itself while it is away."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from libsql_client import Client

from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.errors import DatabaseError
from audioprep.bridge.database.pipeline_client import SharedConnections
from audioprep.bridge.fleet.databases import DatabaseEntry
from audioprep.bridge.shared import Shared
from audioprep.bridge.store.identity import TableIdentity, identify
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.table import TableServices
from audioprep.service.runner import jittered

log = structlog.get_logger()

_FIRST_PAUSE: Final = 2.0  # seconds before a database that could not be opened is tried again; then doubled
_LAST_PAUSE: Final = 120.0  # seconds
_CALLS: Final = 4  # requests under way to one database


class ServedDatabase:
    """`opening` bounds how many are opened at once; `admit` refuses a table that another database of the list has."""

    def __init__(
        self,
        entry: DatabaseEntry,
        shared: Shared,
        connections: SharedConnections,
        opening: asyncio.Semaphore,
        admit: Callable[[str, TableIdentity], bool],
    ) -> None:
        self.entry = entry
        self.table: TableServices | None = None
        self.reason = "is not open yet"  # why it is not served
        self._shared = shared
        self._connections = connections
        self._opening = opening
        self._admit = admit
        self._stopped = asyncio.Event()

    @property
    def problem(self) -> str | None:
        """Why its rows are not served at the moment; None while they are."""
        if self.table is None:
            return self.reason
        return next(iter(self.table.health.unready().values()), None)

    async def run(self) -> None:
        """Serve until `stop`."""
        structlog.contextvars.bind_contextvars(database=self.entry.name)
        async with open_database(self.entry.url, self.entry.token, _CALLS, self._connections) as database:
            identity = await self._open(database)
            if identity is None:
                return
            self.table = TableServices(database, identity, self._shared, storage_prefix=self.entry.prefix)
            if not self._stopped.is_set():
                await self.table.run()

    def stop(self) -> None:
        self._stopped.set()
        if self.table is not None:
            self.table.stop()

    async def _open(self, database: Client) -> TableIdentity | None:
        """Make or find the table; None when stopped before that."""
        pause = _FIRST_PAUSE
        while not self._stopped.is_set():
            try:
                async with self._opening:
                    await JobStore(database).migrate()
                    identity = await identify(database, self.entry.url)
            except DatabaseError as error:
                self.reason = str(error)
            else:
                if self._admit(self.entry.name, identity):
                    return identity
                self.reason = "Another database of the list has the same table identity: one is a copy of the other."
            log.warning("database_not_served", error=self.reason, retry_in=round(pause))
            await self._pause(pause)
            pause = min(2 * pause, _LAST_PAUSE)
        return None

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(jittered(seconds)):
                await self._stopped.wait()
        except TimeoutError:
            return
