"""The long-running roles: worker, bridge, and both in one process. Each runs until it is told to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from temporalio.client import Client

from audioprep.bridge.bridge import Bridge, BridgeOptions
from audioprep.bridge.database import open_database
from audioprep.bridge.database_errors import DatabaseUnavailable
from audioprep.bridge.http import http_server
from audioprep.bridge.store import JobStore
from audioprep.bridge.terms import Terms, TermsByType
from audioprep.settings import HttpSettings, Settings
from audioprep.temporal import connect, connect_patiently
from audioprep.worker import build_worker, open_resources

log = structlog.get_logger()

_RETRY_INTERVAL = 2.0  # seconds


async def run_worker(settings: Settings, client: Client | None = None) -> None:
    """Serve the task queue until cancelled; running steps are then stopped, and taken up by another worker."""
    with open_resources(settings) as resources:
        worker = build_worker(client or await connect_patiently(), settings, resources)
        log.info("worker_started", task_queue=settings.temporal.task_queue, slots=settings.worker.activity_slots)
        try:
            async with worker:
                await asyncio.Event().wait()
        finally:
            log.info("worker_stopped")


async def run_bridge(settings: Settings, client: Client | None = None) -> None:
    """Serve the jobs table until cancelled; the pass under way is finished first."""
    async with open_database(settings.database.database_url, settings.database.token) as database:
        await _migrate_patiently(JobStore(database))
        bridge = Bridge(database, client or await connect(lazy=True), bridge_options(settings))
        async with _http_server(bridge, settings.http):
            serving = asyncio.create_task(bridge.run(), name="bridge")
            try:
                await asyncio.shield(serving)
            finally:
                bridge.stop()
                await serving


async def run_both(settings: Settings, client: Client | None = None) -> None:
    """Worker and bridge in one process, for the smallest deployment."""
    async with asyncio.TaskGroup() as group:
        group.create_task(run_worker(settings, client), name="worker role")
        group.create_task(run_bridge(settings, client), name="bridge role")


def bridge_options(settings: Settings) -> BridgeOptions:
    return BridgeOptions(
        task_queue=settings.temporal.task_queue,
        max_in_flight=settings.bridge.max_in_flight,
        idle_interval=settings.bridge.poll_interval,
        busy_interval=settings.bridge.busy_interval,
        sweep_interval=settings.bridge.sweep_interval,
        redrive_after=settings.bridge.redrive_after,
        strays_interval=settings.bridge.strays_interval,
        looks_per_second=settings.bridge.looks_per_second,
        follows_per_second=settings.bridge.follows_per_second,
        terms=_terms(settings),
    )


def _terms(settings: Settings) -> TermsByType:
    def terms(timeout: float, attempts: int) -> Terms:
        return Terms(
            timeout=timedelta(seconds=timeout),
            max_attempts=attempts,
            first_delay=timedelta(seconds=settings.bridge.retry_first_delay),
            last_delay=timedelta(seconds=settings.bridge.retry_last_delay),
        )

    timeouts, attempts = settings.timeouts, settings.attempts
    preview = terms(timeouts.preview, attempts.preview)
    by_type = {
        "ingest": terms(timeouts.ingest, attempts.ingest),
        "preview": preview,
        "edit": preview,
        "save": terms(timeouts.save, attempts.save),
        "playlist": terms(timeouts.playlist, attempts.playlist),
    }
    return TermsByType(by_type, default=terms(timeouts.default, attempts.default))


@asynccontextmanager
async def until_signalled() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _http_server(bridge: Bridge, settings: HttpSettings) -> AsyncIterator[None]:
    """The HTTP server if a port is set."""
    if settings.http_port is None:
        yield
        return
    secret = settings.wake_secret.get_secret_value() if settings.wake_secret else None
    async with http_server(bridge, settings.http_host, settings.http_port, secret):
        yield


async def _migrate_patiently(store: JobStore) -> None:
    """The table and its indexes must be there before the first look; a database that is away is waited for."""
    while True:
        try:
            return await store.migrate()
        except DatabaseUnavailable as error:
            log.warning("database_unavailable", error=str(error), retry_in=_RETRY_INTERVAL)
        await asyncio.sleep(_RETRY_INTERVAL)
