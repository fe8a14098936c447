"""Duties for all databases together: reading their list, orphaned workflows, a line in the log."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog

from audioprep.bridge.database.errors import DatabaseError
from audioprep.bridge.fleet.databases import DatabaseEntry
from audioprep.bridge.fleet.served import ServedDatabase
from audioprep.bridge.fleet.source import DatabaseSource
from audioprep.bridge.shared import Shared
from audioprep.bridge.temporal.open_jobs import open_jobs_by_table

log = structlog.get_logger()

_LOOK_INTERVAL: Final = 2.0  # seconds between two looks at the file of the list
_SUMMARY_INTERVAL: Final = 60.0  # seconds
_NAMED: Final = 5  # databases that are away, in a summary


class Directory:
    """Reads the list of databases when it has changed. One that cannot be read leaves everything as it is."""

    name = "databases"

    def __init__(self, source: DatabaseSource, serve: Callable[[Sequence[DatabaseEntry]], Awaitable[None]]) -> None:
        self._source = source
        self._serve = serve

    def interval(self) -> float:
        return _LOOK_INTERVAL

    async def run_once(self) -> None:
        found = await self._source.read_if_changed()
        if found is None:
            return
        entries, faults = found
        for fault in faults:
            log.error("database_line_refused", error=fault)
        await self._serve(entries)


class FleetOrphans:
    """Finds open workflows of the tables that are served, in one question for all, and has each table judge its own."""

    name = "orphans"

    def __init__(
        self,
        shared: Shared,
        names: Callable[[], Mapping[str, str]],
        served: Callable[[], Sequence[ServedDatabase]],
        interval: float,
    ) -> None:
        self._shared = shared
        self._names = names
        self._served = served
        self._interval = interval

    def interval(self) -> float:
        return self._interval

    async def run_once(self) -> None:
        open_jobs = await open_jobs_by_table(self._shared.temporal, self._shared.gate)
        for database in self._served():
            table = database.table
            if table is None:
                continue
            jobs = open_jobs.get(table.identity.table_id, [])
            if jobs or table.orphans.has_missing:
                try:
                    await table.orphans.sweep(jobs)
                except DatabaseError as error:
                    log.warning("orphans_not_swept", database=database.entry.name, error=str(error))


class Summary:
    """Says in the log how all databases fare, and which one is the slowest."""

    name = "summary"

    def __init__(self, served: Callable[[], Sequence[ServedDatabase]]) -> None:
        self._served = served
        self._began = time.monotonic()

    def interval(self) -> float:
        return _SUMMARY_INTERVAL

    async def run_once(self) -> None:
        await asyncio.sleep(0)
        served = self._served()
        away = [database.entry.name for database in served if database.problem is not None]
        polled = [(one.table.claimer.poll_seconds, one.entry.name) for one in served if one.table is not None]
        seconds, slowest = max(polled, default=(0.0, ""))
        log.info(
            "databases_summary",
            databases=len(served),
            away=len(away),
            named=away[:_NAMED],
            slowest=slowest,
            slowest_seconds=round(seconds, 3),
        )
