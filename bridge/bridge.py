"""The bridge as a whole: services around one store and one Temporal client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog
from libsql_client import Client as DatabaseClient
from temporalio.client import Client as TemporalClient

from audioprep.bridge.cached import CachedAnswer
from audioprep.bridge.care import Care
from audioprep.bridge.database import open_database
from audioprep.bridge.database_errors import DatabaseError
from audioprep.bridge.decide import Rules
from audioprep.bridge.executions import Executions
from audioprep.bridge.health import Health
from audioprep.bridge.launch import Launcher
from audioprep.bridge.metrics import MAX_PENDING, Metrics
from audioprep.bridge.pollers import count_workers
from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.runner import Runner
from audioprep.bridge.services import Intake, Strays, Sync
from audioprep.bridge.store import JobStore
from audioprep.bridge.temporal_errors import TemporalUnavailable
from audioprep.bridge.terms import TermsByType
from audioprep.jobs.registry import JOB_TYPES, JobTypes
from audioprep.jobs.routes import route
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()

_SCRAPE_PATIENCE = 3.0  # seconds; Prometheus gives up after ten, and would have nothing then
_SCRAPE_CACHE = 10.0  # seconds for which the queue's numbers are kept: more scrapes than that cost nothing more
_GATHER = 0.05  # seconds after a job has ended in which others that end share its look for new ones

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """How a bridge behaves. Intervals in seconds.

    `routes` are types without a model of ours: `{"transcribe": "TranscribeWorkflow@queue"}`; `types` those with one.
    """

    task_queue: str = "audioprep"
    types: JobTypes = JOB_TYPES
    routes: Mapping[str, str] = field(default_factory=dict)
    max_in_flight: int = 4
    idle_interval: float = 3.0
    busy_interval: float = 0.5
    sweep_interval: float = 15.0
    redrive_after: float = 15.0
    strays_interval: float = 60.0
    looks_per_second: float = 50.0
    terms: TermsByType = TermsByType()

    @property
    def all_types(self) -> JobTypes:
        """Raises ValueError when a route is none, or takes the name of a type."""
        return self.types.with_more(route(name, target) for name, target in self.routes.items())


_DEFAULTS = BridgeOptions()


class Bridge:
    """Keeps the rows of one table true. Several bridges may serve the same table.

    Raises ValueError when a route of `options` is none.
    """

    def __init__(self, database: DatabaseClient, temporal: TemporalClient, options: BridgeOptions = _DEFAULTS) -> None:
        self._database = database
        types = options.all_types
        store = JobStore(database)
        executions = Executions(temporal, options.task_queue, [kind.task_queue for kind in types if kind.task_queue])
        rules = Rules(types, options.terms, redrive_after=timedelta(seconds=options.redrive_after))
        launcher = Launcher(executions, types, options.terms)
        self._waiting = _cached(partial(store.pending, MAX_PENDING))
        self._workers = _cached(partial(count_workers, temporal, options.task_queue))
        self._metrics = Metrics(types.names)
        reconciler = Reconciler(store, executions, launcher, rules, metrics=self._metrics)
        self._care = Care(reconciler, executions)
        intake = Intake(
            store,
            executions,
            self._care,
            self._metrics,
            max_in_flight=options.max_in_flight,
            idle_interval=options.idle_interval,
            busy_interval=options.busy_interval,
            sweep_interval=options.sweep_interval,
        )
        sync = Sync(self._care, interval=options.busy_interval, looks_per_second=options.looks_per_second)
        strays = Strays(store, executions, self._care, interval=options.strays_interval)
        self.health = Health()
        self._intake, *others = (Runner(service, self.health.watch(service.name)) for service in (intake, sync, strays))
        self._runners = (self._intake, *others)

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

        Raises ValueError for a URL of another kind or a route that is none, DatabaseError when the database does not
        answer as it should.
        """
        async with open_database(database_url, token) as database:
            await JobStore(database).migrate()
            yield cls(database, temporal, options)

    async def run(self) -> None:
        """Serve until `stop`; the pass under way is finished. The jobs themselves run on without a bridge."""
        log.info("bridge_started")
        try:
            async with asyncio.TaskGroup() as group:
                waker = group.create_task(self._wake_when_freed())
                await asyncio.gather(*(runner.run() for runner in self._runners))
                waker.cancel()
        finally:
            await self._care.close()
            log.info("bridge_stopped")

    def stop(self) -> None:
        for runner in self._runners:
            runner.stop()

    def wake(self) -> None:
        """Look for new rows at once."""
        self._intake.nudge()

    async def metrics(self) -> bytes:
        """For Prometheus; also while the database or Temporal is away, which is when they are wanted.

        The queue and the workers are those of the last seconds, all else is as of now.
        """
        waiting, workers = await asyncio.gather(self._waiting.get(), self._workers.get())
        self._metrics.saw_queue(waiting, utc_now())
        self._metrics.saw_workers(workers)
        self._metrics.saw_bridge(in_flight=self._care.in_flight, health=self.health)
        self._metrics.saw_database(self._database)
        return self._metrics.text()

    async def _wake_when_freed(self) -> None:
        """A job that ends makes room for the next one."""
        while True:
            await self._care.freed.wait()
            await asyncio.sleep(_GATHER)
            self._care.freed.clear()
            self.wake()


def _cached(question: Callable[[], Awaitable[T]]) -> CachedAnswer[T | None]:
    """The answer, kept for some seconds; None when the other side is away, or slower than a scrape may be."""

    async def ask() -> T | None:
        try:
            async with asyncio.timeout(_SCRAPE_PATIENCE):
                return await question()
        except (DatabaseError, TemporalUnavailable, TimeoutError):
            return None

    return CachedAnswer(ask, _SCRAPE_CACHE)
