"""The bridge's role: one table, or those of many databases, kept in step with Temporal until cancelled."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from libsql_client import Client as DatabaseClient
from temporalio.client import Client

from audioprep.bridge.bridge import Bridge
from audioprep.bridge.database.database import open_database
from audioprep.bridge.database.errors import DatabaseUnavailable
from audioprep.bridge.decide import DecideOptions
from audioprep.bridge.fleet.databases import Shard
from audioprep.bridge.fleet.fleet import Fleet
from audioprep.bridge.options import BridgeOptions
from audioprep.bridge.store.bulk import BulkStore
from audioprep.bridge.store.identity import TableIdentity, identify
from audioprep.bridge.store.listing import JobLists
from audioprep.bridge.store.outbox import OutboxWriter
from audioprep.bridge.store.queue.pauses import PauseTable
from audioprep.bridge.store.service import ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.bridge_options import bridge_options, database_source, webhook_choice
from audioprep.extension import served_types
from audioprep.http.endpoints import HealthSource
from audioprep.jobs.request import workflow_id_for
from audioprep.plugin import AudioPrepPlugin
from audioprep.service.health import ServiceHealth
from audioprep.settings import Settings
from audioprep.status_page.source import StatusSource
from audioprep.telemetry.telemetry import Telemetry
from audioprep.temporal.connection import connect
from audioprep.temporal.links import workflow_link

log = structlog.get_logger()

_RETRY_INTERVAL = 2.0  # seconds
_PASS_TIMEOUT = 5.0  # seconds for a bridge's pass under way at shutdown


async def keep_in_step(settings: Settings, telemetry: Telemetry, client: Client | None) -> None:
    """Serve the jobs table until cancelled; the pass under way is finished first."""
    if settings.databases.are_many:
        await _keep_many_in_step(settings, telemetry, client)
        return
    health = telemetry.startup.watch_once("bridge")  # until its own services are asked instead
    url, token, calls = settings.database.database_url, settings.database.token, settings.bridge.database_calls
    options = bridge_options(settings)  # a type that is misspelt ends the process before anything is made
    async with open_database(url, token, calls) as database:
        identity = await _migrate_patiently(database, url, health)
        client = client or await _lazy_client(settings, telemetry)
        bridge = Bridge(database, client, options, identity=identity)
        telemetry.parts.append(HealthSource(bridge.health, bridge.metrics, _woken(bridge)))
        if telemetry.status_page is not None:
            telemetry.status_page.attach(_status_source(settings, database, client, options, identity.table_id))
        health.succeeded()
        await _serve(bridge)


def _woken(bridge: Bridge) -> Callable[[str | None], bool]:
    """Wake the bridge of one database, whatever it is called."""

    def wake(_database: str | None) -> bool:
        bridge.wake()
        return True

    return wake


async def _keep_many_in_step(settings: Settings, telemetry: Telemetry, client: Client | None) -> None:
    options = bridge_options(settings)
    client = client or await _lazy_client(settings, telemetry)
    fleet = Fleet(database_source(settings), client, options, Shard.parse(settings.databases.shard))
    telemetry.parts.append(HealthSource(fleet.health, fleet.metrics, fleet.wake))
    await _serve(fleet)


async def _lazy_client(settings: Settings, telemetry: Telemetry) -> Client:
    plugin = AudioPrepPlugin(settings)
    return await connect(plugin, lazy=True, runtime=telemetry.runtime, interceptors=telemetry.interceptors)


async def _serve(bridge: Bridge | Fleet) -> None:
    """Until cancelled; the pass under way is finished."""
    serving = asyncio.create_task(bridge.run(), name="bridge")
    try:
        await asyncio.wait({serving})
    finally:
        bridge.stop()
        await _finish(serving)


def _status_source(
    settings: Settings, database: DatabaseClient, client: Client, options: BridgeOptions, table_id: str
) -> StatusSource:
    """The status page uses the bridge's own connections."""
    choice = webhook_choice(settings)
    return StatusSource(
        rows=JobStore(database, served_types(settings).names, OutboxWriter(choice) if choice else None),
        lists=JobLists(database),
        service=ServiceTable(database, used=settings.bridge.liveness_interval > 0),
        pauses=PauseTable(database),
        bulk=BulkStore(database),
        table_id=table_id,
        client=client,
        task_queue=settings.temporal.task_queue,
        rules=DecideOptions(
            served_types(settings), options.limits, redrive_after=timedelta(seconds=options.redrive_after)
        ),
        link=lambda job_id: workflow_link(settings, workflow_id_for(job_id, table_id)),
    )


async def _finish(serving: "asyncio.Task[None]") -> None:
    """Let the pass under way end; one that waits for Temporal or the database is cut short, which is always safe."""
    await asyncio.wait({serving}, timeout=_PASS_TIMEOUT)
    if not serving.done():
        log.warning("bridge_abandoned", waited=_PASS_TIMEOUT, error="the database or Temporal does not answer")
        serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def _migrate_patiently(database: DatabaseClient, url: str, health: ServiceHealth) -> TableIdentity:
    """The table and its indexes must be there before the first look; a database that is away is waited for."""
    while True:
        try:
            await JobStore(database).migrate()
            return await identify(database, url)
        except DatabaseUnavailable as error:
            health.failed(str(error))
            log.warning("database_unavailable", error=str(error), retry_in=_RETRY_INTERVAL)
        await asyncio.sleep(_RETRY_INTERVAL)
