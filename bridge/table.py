"""Services of one jobs table: what claims, follows, repairs, delivers and prunes its rows."""

import asyncio
import math
from typing import Final

import structlog
from libsql_client import Client as DatabaseClient

from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.services.breaker import SourceBreaker
from audioprep.bridge.services.claimer import Claimer
from audioprep.bridge.services.liveness import LivenessReporter
from audioprep.bridge.services.orphans import OrphanSweeper
from audioprep.bridge.services.pruner import SILENCE, Pruner
from audioprep.bridge.services.sync import Sync
from audioprep.bridge.services.webhooks import INTERVAL, WebhookDispatcher
from audioprep.bridge.shared import Shared
from audioprep.bridge.store.identity import TableIdentity
from audioprep.bridge.store.outbox import Outbox, OutboxWriter
from audioprep.bridge.store.queue.poll import Fairness
from audioprep.bridge.store.retention import RetentionStore
from audioprep.bridge.store.service import ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.deliveries import Deliveries
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.temporal.launch import Launcher
from audioprep.bridge.tracking.durations import Durations
from audioprep.bridge.tracking.followers import MOMENTARY
from audioprep.bridge.tracking.tracker import JobTracker
from audioprep.service.health import Health
from audioprep.service.runner import Runner, Seldom, Service

log = structlog.get_logger()

_GATHER: Final = 0.05  # seconds after a job has ended in which others that end share its poll for new ones
_ASLEEP: Final = 3600.0  # seconds between two runs of a service of one of many tables that is woken when it is needed
_SELDOM_ALIVE: Final = 1800.0  # seconds between two writes of liveness into one of many tables, at least
_SELDOM_SWEPT: Final = 5.0  # times the longest interval between two polls
_SELDOM: Final = 60.0  # seconds: an interval that is at least as long is one of `_ASLEEP` where there are many tables


class TableServices:
    """They do nothing before `run`. `storage_prefix` is where the files of the table's jobs are."""

    def __init__(
        self, database: DatabaseClient, identity: TableIdentity, shared: Shared, *, storage_prefix: str = ""
    ) -> None:
        options = shared.options
        self.identity = identity
        self._shared = shared
        self._outbox = None if options.webhooks is None else OutboxWriter(options.webhooks)
        fairness = Fairness(options.fair_window, options.max_per_tenant)
        self.store = JobStore(database, shared.types.names, self._outbox, fairness, options.breaker or None)
        breaker = self.store.breaker
        self._breaker = None if breaker is None else SourceBreaker(breaker, self.store, shared.metrics)
        executions = Executions(shared.temporal, options.task_queue, identity.table_id, shared.gate)
        launcher = self._launcher(executions, storage_prefix)
        self._durations = Durations()
        reconciler = Reconciler(
            self.store,
            executions,
            launcher,
            shared.rules,
            metrics=shared.metrics,
            on_end=self._breaker.note_end if self._breaker else None,
        )
        self.slots = shared.slots.share(self._wake_soon)
        self.tracker = JobTracker(reconciler, executions, shared.rules, self.slots, shared.room, self._durations)
        self.health = Health()
        self._add_services(executions, database)

    def _launcher(self, executions: Executions, storage_prefix: str) -> Launcher:
        options = self._shared.options
        return Launcher(
            self.store,
            executions,
            self._shared.types,
            options.limits,
            self.identity.table_id,
            fairness=options.temporal_fairness,
            storage_prefix=storage_prefix,
        )

    def _add_services(self, executions: Executions, database: DatabaseClient) -> None:
        many, options = self._shared.many, self._shared.options
        self.claimer, self.orphans = self._claimer_of(executions), self._sweeper_of(executions)
        sync = Sync(
            self.tracker,
            interval=options.busy_interval,
            describes_per_second=options.describes_per_second,
            idle=_ASLEEP if many else None,
        )
        self.health.add("jobs", self.tracker.problem)
        self.health.add("queue", self.claimer.problem)
        self._claimer, self._sync = self._runner(self.claimer), self._runner(sync)
        self._runners = [self._claimer, self._sync] if many else [self._claimer, self._sync, self._runner(self.orphans)]
        self._webhooks = self._runner(self._dispatcher(database)) if self._outbox else None
        self._runners += [self._webhooks] if self._webhooks else []
        if options.keep:  # when all rows are kept, retention costs no request
            pruner = Pruner(self.store, RetentionStore(database), options.keep, self._shared.metrics)
            self._runners.append(self._runner(pruner, SILENCE))
        self._liveness = self._liveness_reporter(database)
        if options.liveness_interval:
            self._runners.append(self._runner(self._liveness))

    def _claimer_of(self, executions: Executions) -> Claimer:
        shared = self._shared
        pace, interval = shared.pace, shared.options.sweep_interval
        return Claimer(
            self.store,
            executions,
            self.tracker,
            shared.metrics,
            pace=pace,
            sweep_interval=interval,
            breaker=self._breaker,
        )

    def _sweeper_of(self, executions: Executions) -> OrphanSweeper:
        options = self._shared.options
        interval, patience = options.orphans_interval, options.orphans_patience
        return OrphanSweeper(self.store, executions, self.tracker, self.identity, interval=interval, patience=patience)

    def _liveness_reporter(self, database: DatabaseClient) -> LivenessReporter:
        """Of many tables each has its row written seldom, and it counts as alive for as long."""
        options = self._shared.options
        interval = max(options.liveness_interval, _SELDOM_ALIVE) if self._shared.many else options.liveness_interval
        return LivenessReporter(
            ServiceTable(database),
            self.tracker,
            self._durations,
            self._shared.reported_workers.get,
            slots=options.max_in_flight,
            interval=interval,
        )

    def _dispatcher(self, database: DatabaseClient) -> WebhookDispatcher:
        table_id = self.identity.table_id
        deliveries = Deliveries(self._shared.temporal, self._shared.options.task_queue, table_id)
        interval = _SELDOM if self._shared.many else INTERVAL
        return WebhookDispatcher(Outbox(database), deliveries, table_id, interval)

    def _runner(self, service: Service, silence: float | None = None) -> Runner:
        """Of many tables a service that nothing wakes runs seldom, and silence is no fault."""
        if self._shared.many:
            return Runner(self._seldom(service), self.health.watch(service.name, silence=math.inf), MOMENTARY, _SELDOM)
        health = self.health.watch(service.name) if silence is None else self.health.watch(service.name, silence)
        return Runner(service, health, MOMENTARY)

    def _seldom(self, service: Service) -> Service:
        match service:
            case Claimer() | Sync():
                return service
            case WebhookDispatcher():  # its own ends wake it: this is for those of a bridge that died
                return Seldom(service, 1.0, _SELDOM_SWEPT * self._shared.options.idle_max)
            case _:
                return Seldom(service, _SELDOM, _ASLEEP)

    async def run(self) -> None:
        """Serve until `stop`; the pass under way is finished. The jobs themselves run on without a bridge."""
        structlog.contextvars.bind_contextvars(table_id=self.identity.table_id)
        if self.identity.is_copy:
            log.warning("table_is_a_copy", first_served_at=self.identity.place)
        try:
            async with asyncio.TaskGroup() as group:
                wakers = [group.create_task(_pass_on(self.tracker.admitted, self._sync, pause=0.0))]
                if self._outbox and self._webhooks:
                    wakers.append(group.create_task(_pass_on(self._outbox.entered, self._webhooks)))
                await asyncio.gather(*(runner.run() for runner in self._runners))
                for waker in wakers:
                    waker.cancel()
            if not self._shared.many:
                await self._liveness.leave()
        finally:
            self.slots.remove()
            await self.tracker.close()

    def stop(self) -> None:
        for runner in self._runners:
            runner.stop()

    def wake(self) -> None:
        """Look for new rows at once."""
        self.claimer.expect_rows()
        self._claimer.wake()

    def _wake_soon(self) -> None:
        asyncio.get_running_loop().call_later(_GATHER, self._claimer.wake)


async def _pass_on(event: asyncio.Event, runner: Runner, pause: float = _GATHER) -> None:
    """Let the runner's service run whenever the event is set."""
    while True:
        await event.wait()
        await asyncio.sleep(pause)
        event.clear()
        runner.wake()
