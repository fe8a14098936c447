"""The bridge: background services around one jobs table and one Temporal client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import structlog
from libsql_client import Client as DatabaseClient
from temporalio.client import Client as TemporalClient

from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.pipeline_client import rows_of
from audioprep.bridge.metrics import MAX_PENDING
from audioprep.bridge.options import BridgeOptions
from audioprep.bridge.shared import Shared, cached
from audioprep.bridge.store.identity import TableIdentity, identify
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.table import TableServices
from audioprep.bridge.temporal.inspection import live_workers
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()

_UNSERVED: Final = 100  # rows counted of each type that is not served

_DEFAULTS: Final = BridgeOptions()


class Bridge:
    """Keeps the rows of one table true. Several bridges may serve the same table.

    `identity` is the table's: what `identity.identify` gives. Raises ValueError if the types of `options` are invalid.
    """

    def __init__(
        self,
        database: DatabaseClient,
        temporal: TemporalClient,
        options: BridgeOptions = _DEFAULTS,
        *,
        identity: TableIdentity,
    ) -> None:
        self._database = database
        self._shared = Shared.of(temporal, options)
        self._table = TableServices(database, identity, self._shared)
        self._waiting = cached(partial(self._table.store.queue, MAX_PENDING))
        self._unserved = cached(partial(self._table.store.unserved, _UNSERVED))
        self._workers = cached(partial(live_workers, temporal, options.task_queue))
        self.health = self._table.health

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database_url: str,
        temporal: TemporalClient,
        options: BridgeOptions = _DEFAULTS,
        *,
        token: str | None = None,
    ) -> AsyncIterator["Bridge"]:
        """A bridge that does not run yet, on a table that is made if it is missing.

        Raises ValueError for a URL of another kind or invalid types, DatabaseError when the database does not answer as
        it should.
        """
        async with open_database(database_url, token) as database:
            await JobStore(database).migrate()
            yield cls(database, temporal, options, identity=await identify(database, database_url))

    async def run(self) -> None:
        """Serve until `stop`; the pass under way is finished. The jobs themselves run on without a bridge."""
        log.info("bridge_started", types=sorted(self._shared.types.names), table_id=self._table.identity.table_id)
        try:
            await self._table.run()
        finally:
            log.info("bridge_stopped")

    def stop(self) -> None:
        self._table.stop()

    def wake(self) -> None:
        """Look for new rows at once."""
        self._table.wake()

    async def metrics(self) -> bytes:
        """For Prometheus; also while the database or Temporal is away, which is when they are wanted.

        The queue and the workers are those of the last seconds, all else is as of now.
        """
        waiting, unserved, workers = await asyncio.gather(
            self._waiting.get(), self._unserved.get(), self._workers.get()
        )
        metrics = self._shared.metrics
        metrics.saw_queue(waiting, utc_now())
        metrics.saw_unserved(unserved)
        metrics.saw_workers(None if workers is None else len(workers))
        metrics.saw_bridge(in_flight=self._table.tracker.in_flight, health=self.health)
        metrics.saw_rows(rows_of(self._database))
        return metrics.text()
