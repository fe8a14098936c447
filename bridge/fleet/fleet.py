"""Bridge of many databases: the services of each, one in-flight limit, one Temporal client, one set of metrics."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import structlog
from temporalio.client import Client as TemporalClient

from audioprep.bridge.database.pipeline_client import SharedConnections
from audioprep.bridge.fleet.databases import DatabaseEntry, Shard
from audioprep.bridge.fleet.duties import Directory, FleetOrphans, Summary
from audioprep.bridge.fleet.served import ServedDatabase
from audioprep.bridge.fleet.source import DatabaseSource
from audioprep.bridge.metrics import MAX_PENDING
from audioprep.bridge.options import BridgeOptions
from audioprep.bridge.shared import Shared, cached
from audioprep.bridge.store.identity import TableIdentity
from audioprep.bridge.tracking.followers import MOMENTARY
from audioprep.jobs.timestamps import utc_now
from audioprep.service.health import Health
from audioprep.service.runner import Runner

log = structlog.get_logger()

_OPENED_AT_ONCE: Final = 16  # databases: each costs a few requests
_COUNTED: Final = 20  # tables with waiting rows that a scrape asks for their number


class Fleet:
    """Serves every database of the list that is in its shard. Several fleets may serve the same databases."""

    def __init__(
        self, source: DatabaseSource, temporal: TemporalClient, options: BridgeOptions, shard: Shard | None = None
    ) -> None:
        self._shared = Shared.of(temporal, options, many=True)
        self._shard = shard or Shard()
        self._connections = SharedConnections()
        self._opening = asyncio.Semaphore(_OPENED_AT_ONCE)
        self._served: dict[str, ServedDatabase] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._names: dict[str, str] = {}  # of the databases, by the identity of their table
        self.health = Health()
        self.health.add("databases", self._problem)
        duties = (
            Directory(source, self.serve),
            FleetOrphans(self._shared, lambda: self._names, self.served, options.orphans_interval),
            Summary(self.served),
        )
        self._runners = [Runner(duty, self.health.watch(duty.name), (*MOMENTARY, RuntimeError)) for duty in duties]

    def served(self) -> Sequence[ServedDatabase]:
        return list(self._served.values())

    async def run(self) -> None:
        """Serve until `stop`; the passes under way are finished."""
        log.info(
            "bridge_started", types=sorted(self._shared.types.names), shard=f"{self._shard.number}/{self._shard.of}"
        )
        try:
            await asyncio.gather(*(runner.run() for runner in self._runners))
        finally:
            for name in list(self._served):
                self._remove(name)
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            await self._connections.close()
            log.info("bridge_stopped")

    def stop(self) -> None:
        for runner in self._runners:
            runner.stop()
        for database in self._served.values():
            database.stop()

    def wake(self, name: str | None = None) -> bool:
        """Look for new rows of one database at once. False for one that is not served here, and without a name."""
        found = self._served.get(name or "")
        if found is None or found.table is None:
            return False
        found.table.wake()
        return True

    async def serve(self, entries: Iterable[DatabaseEntry]) -> None:
        """From now on these databases; those that are new or changed are opened, those that are not listed given up."""
        wanted = {entry.name: entry for entry in entries if self._shard.holds(entry.name)}
        gone = [name for name, database in self._served.items() if wanted.get(name) != database.entry]
        for name in gone:
            self._remove(name)
        await asyncio.gather(*(self._tasks[name] for name in gone if name in self._tasks), return_exceptions=True)
        new = [entry for name, entry in wanted.items() if name not in self._served]
        for entry in new:
            self._add(entry)
        if new or gone:
            log.info("databases_changed", served=len(self._served), added=len(new), removed=len(gone))

    def _add(self, entry: DatabaseEntry) -> None:
        database = ServedDatabase(entry, self._shared, self._connections, self._opening, self._admit)
        self._served[entry.name] = database
        task = asyncio.create_task(database.run(), name=f"database {entry.name}")
        self._tasks[entry.name] = task
        task.add_done_callback(partial(self._ended, entry.name))

    def _remove(self, name: str) -> None:
        self._served.pop(name).stop()
        self._names = {table: other for table, other in self._names.items() if other != name}

    def _ended(self, name: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(name) is task:
            del self._tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("database_task_failed", database=name, error=str(error)[:300])
            self._served.pop(name, None)  # the next reading of the list serves it again

    def _admit(self, name: str, identity: TableIdentity) -> bool:
        """Two databases with one table identity would share the workflows of their jobs: the first one has them."""
        return self._names.setdefault(identity.table_id, name) == name

    def _problem(self) -> str | None:
        """One database that is away is its own trouble; all of them are the bridge's."""
        problems = [database.problem for database in self._served.values()]
        if problems and all(problem is not None for problem in problems):
            return f"none of {len(problems)} databases is served: {problems[0]}"
        return None

    async def metrics(self) -> bytes:
        """For Prometheus: sums over all databases. Rows that wait are counted where the last poll has left some."""
        metrics, served = self._shared.metrics, self.served()
        tables = [database.table for database in served if database.table is not None]
        waiting, workers = await asyncio.gather(self._waiting(), self._shared.workers.get())
        metrics.saw_queue(waiting, utc_now())
        metrics.saw_workers(None if workers is None else len(workers))
        metrics.saw_bridge(in_flight=sum(table.tracker.in_flight for table in tables), health=self.health)
        metrics.saw_databases(len(served), sum(database.problem is not None for database in served))
        metrics.saw_rows(self._connections.rows)
        return metrics.text()

    async def _waiting(self) -> tuple[int, str]:
        hungry = set(self._shared.slots.hungry)
        tables = [one.table for one in self._served.values() if one.table is not None and one.table.slots in hungry]
        queues = [cached(partial(table.store.queue, MAX_PENDING)).get() for table in tables[:_COUNTED]]
        found = [queue for queue in await asyncio.gather(*queues) if queue is not None and queue[0]]
        return sum(count for count, _ in found), min((oldest for _, oldest in found), default="")
