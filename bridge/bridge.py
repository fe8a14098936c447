"""The bridge: background services around one jobs table and one Temporal client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog
from libsql_client import Client as DatabaseClient
from temporalio.client import Client as TemporalClient

from audioprep.bridge.decide import DecideOptions
from audioprep.bridge.durations import Durations
from audioprep.bridge.limits import LimitsByType
from audioprep.bridge.liveness import LivenessReporter
from audioprep.bridge.metrics import MAX_PENDING, Metrics
from audioprep.bridge.pruner import SILENCE, Pruner
from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.services import Claimer, OrphanSweeper, Sync
from audioprep.bridge.store.claims import Fairness
from audioprep.bridge.store.database import open_database
from audioprep.bridge.store.errors import DatabaseError
from audioprep.bridge.store.identity import TableIdentity, identify
from audioprep.bridge.store.outbox import Outbox, OutboxWriter, WebhookChoice
from audioprep.bridge.store.retention import KeepRules, RetentionStore
from audioprep.bridge.store.service import ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.deliveries import Deliveries
from audioprep.bridge.temporal.errors import TemporalUnavailable
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.temporal.inspection import live_workers
from audioprep.bridge.temporal.launch import Launcher
from audioprep.bridge.tracker import MOMENTARY, JobTracker
from audioprep.bridge.webhooks import WebhookDispatcher
from audioprep.jobs.registry import JOB_TYPES, JobTypes
from audioprep.jobs.routes import served
from audioprep.jobs.timestamps import utc_now
from audioprep.service.cached import CachedAnswer
from audioprep.service.health import Health
from audioprep.service.runner import Runner

log = structlog.get_logger()

_SCRAPE_PATIENCE = 3.0  # seconds; Prometheus gives up after ten, and would have nothing then
_SCRAPE_CACHE = 10.0  # seconds for which the queue's numbers are kept: more scrapes than that cost nothing more
_GATHER = 0.05  # seconds after a job has ended in which others that end share its poll for new ones
_UNSERVED = 100  # rows counted of each type that is not served

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOptions:
    """How a bridge behaves. Intervals in seconds. Raises ValueError for a route, type or name that `all_types` refuses.

    `types` are those with a model; `serve` narrows them to these words of the `type` column, empty for all. `routes`
    are types without a model, `{"transcribe": "TranscribeWorkflow@queue"}`, and always served. Rows of all other types
    are left alone. `webhooks` says which ends have a webhook; None: none. `liveness_interval` is the shortest time
    between two writes of what the bridge says of itself; 0: it says nothing.
    """

    task_queue: str = "audioprep"
    types: JobTypes = JOB_TYPES
    serve: Collection[str] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    fair_window: int = 200
    max_per_tenant: int | None = None
    temporal_fairness: bool = False
    max_in_flight: int = 4
    max_downloads: int = 50
    max_looks: int = 20
    temporal_calls: int = 20
    idle_interval: float = 3.0
    busy_interval: float = 0.5
    sweep_interval: float = 15.0
    redrive_after: float = 15.0
    orphans_interval: float = 60.0
    orphans_patience: float = 60.0
    describes_per_second: float = 50.0
    limits: LimitsByType = LimitsByType()
    keep: KeepRules = KeepRules()
    webhooks: WebhookChoice | None = None
    liveness_interval: float = 15.0

    def __post_init__(self) -> None:
        served(self.types, self.serve, self.routes)

    @property
    def all_types(self) -> JobTypes:
        """The types served. Raises ValueError if a route is invalid, a type is unknown, or two have the same name."""
        return served(self.types, self.serve, self.routes)


_DEFAULTS = BridgeOptions()


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
        self._identity = identity
        types = options.all_types
        self._outbox = None if options.webhooks is None else OutboxWriter(options.webhooks)
        store = JobStore(database, types.names, self._outbox, Fairness(options.fair_window, options.max_per_tenant))
        executions = Executions(temporal, options.task_queue, identity.table_id, options.temporal_calls)
        rules = DecideOptions(types, options.limits, redrive_after=timedelta(seconds=options.redrive_after))
        launcher = Launcher(
            store, executions, types, options.limits, identity.table_id, fairness=options.temporal_fairness
        )
        self._types = types.names
        self._waiting = _cached(partial(store.queue, MAX_PENDING))
        self._unserved = _cached(partial(store.unserved, _UNSERVED))
        self._workers = _cached(partial(live_workers, temporal, options.task_queue))
        self._metrics = Metrics(types.names)
        reconciler = Reconciler(store, executions, launcher, rules, metrics=self._metrics)
        durations = Durations()
        self._tracker = JobTracker(
            reconciler,
            executions,
            rules,
            slots=options.max_in_flight,
            downloads=options.max_downloads,
            at_once=options.max_looks,
            durations=durations,
        )
        claimer = Claimer(
            store,
            executions,
            self._tracker,
            self._metrics,
            idle_interval=options.idle_interval,
            busy_interval=options.busy_interval,
            sweep_interval=options.sweep_interval,
        )
        sync = Sync(self._tracker, interval=options.busy_interval, describes_per_second=options.describes_per_second)
        orphans = OrphanSweeper(
            store,
            executions,
            self._tracker,
            identity,
            interval=options.orphans_interval,
            patience=options.orphans_patience,
        )
        self.health = Health()
        self.health.add("jobs", self._tracker.problem)
        self.health.add("queue", claimer.problem)
        self._claimer, self._sync, self._orphans = (
            Runner(service, self.health.watch(service.name), MOMENTARY) for service in (claimer, sync, orphans)
        )
        deliveries = Deliveries(temporal, options.task_queue, identity.table_id)
        dispatcher = WebhookDispatcher(Outbox(database), deliveries, identity.table_id)
        self._webhooks = Runner(dispatcher, self.health.watch(dispatcher.name), MOMENTARY) if self._outbox else None
        self._liveness = LivenessReporter(
            ServiceTable(database),
            self._tracker,
            durations,
            _cached(partial(live_workers, temporal, options.task_queue)).get,  # not what a scrape had seen before
            slots=options.max_in_flight,
            interval=options.liveness_interval,
        )
        self._runners = [self._claimer, self._sync, self._orphans, *([self._webhooks] if self._webhooks else [])]
        self._runners += self._pruners(store, options.keep)
        if options.liveness_interval:
            self._runners.append(Runner(self._liveness, self.health.watch(self._liveness.name), MOMENTARY))

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
        structlog.contextvars.bind_contextvars(table_id=self._identity.table_id)
        log.info("bridge_started", types=sorted(self._types))
        if self._identity.is_copy:
            log.warning("table_is_a_copy", first_served_at=self._identity.place)
        try:
            async with asyncio.TaskGroup() as group:
                wakers = [
                    group.create_task(_pass_on(self._tracker.slot_freed, self._claimer)),
                    group.create_task(_pass_on(self._tracker.admitted, self._sync, pause=0.0)),
                ]
                if self._outbox and self._webhooks:
                    wakers.append(group.create_task(_pass_on(self._outbox.entered, self._webhooks)))
                await asyncio.gather(*(runner.run() for runner in self._runners))
                for waker in wakers:
                    waker.cancel()
            await self._liveness.leave()
        finally:
            await self._tracker.close()
            log.info("bridge_stopped")

    def stop(self) -> None:
        for runner in self._runners:
            runner.stop()

    def wake(self) -> None:
        """Look for new rows at once."""
        self._claimer.wake()

    def _pruners(self, store: JobStore, keep: KeepRules) -> list[Runner]:
        """None when all rows are kept: then retention costs no request."""
        if not keep:
            return []
        pruner = Pruner(store, RetentionStore(self._database), keep, self._metrics)
        return [Runner(pruner, self.health.watch(pruner.name, silence=SILENCE), MOMENTARY)]

    async def metrics(self) -> bytes:
        """For Prometheus; also while the database or Temporal is away, which is when they are wanted.

        The queue and the workers are those of the last seconds, all else is as of now.
        """
        waiting, unserved, workers = await asyncio.gather(
            self._waiting.get(), self._unserved.get(), self._workers.get()
        )
        self._metrics.saw_queue(waiting, utc_now())
        self._metrics.saw_unserved(unserved)
        self._metrics.saw_workers(None if workers is None else len(workers))
        self._metrics.saw_bridge(in_flight=self._tracker.in_flight, health=self.health)
        self._metrics.saw_database(self._database)
        return self._metrics.text()


async def _pass_on(event: asyncio.Event, runner: Runner, pause: float = _GATHER) -> None:
    """Let the runner's service run whenever the event is set."""
    while True:
        await event.wait()
        await asyncio.sleep(pause)
        event.clear()
        runner.wake()


def _cached(question: Callable[[], Awaitable[T]]) -> CachedAnswer[T | None]:
    """The answer, kept for some seconds; None when the other side is away, or slower than a scrape may be."""

    async def ask() -> T | None:
        try:
            async with asyncio.timeout(_SCRAPE_PATIENCE):
                return await question()
        except (DatabaseError, TemporalUnavailable, TimeoutError):
            return None

    return CachedAnswer(ask, _SCRAPE_CACHE)
