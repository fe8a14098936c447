"""The long-running roles: worker, bridge, and both in one process. Each runs until it is told to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from temporalio.client import Client

from audioprep.activities.process.command import hide_from_children
from audioprep.activities.ytdlp.update.updater import YtdlpUpdater
from audioprep.bridge_role import keep_in_step
from audioprep.extension import installed_extensions
from audioprep.plugin import AudioPrepPlugin
from audioprep.settings import Settings
from audioprep.settings.sites import updates_folder
from audioprep.telemetry.telemetry import Telemetry, open_telemetry
from audioprep.temporal.connection import connect_patiently
from audioprep.worker.supervisor import WorkerSupervisor

log = structlog.get_logger()


async def run_worker(settings: Settings, client: Client | None = None) -> None:
    """Serve the task queue until cancelled; running steps are then stopped, and taken up by another worker.

    `client`, if there is one, carries the plugin of `worker_plugin`.
    """
    async with open_telemetry(settings, "worker") as telemetry:
        await _work(settings, telemetry, client)


async def run_bridge(settings: Settings, client: Client | None = None) -> None:
    """Serve the jobs table until cancelled; the pass under way is finished first."""
    async with open_telemetry(settings, "bridge") as telemetry:
        await keep_in_step(settings, telemetry, client)


async def run_both(settings: Settings, client: Client | None = None) -> None:
    """Worker and bridge in one process, for the smallest deployment."""
    async with open_telemetry(settings, "serve") as telemetry, asyncio.TaskGroup() as group:
        group.create_task(_work(settings, telemetry, client), name="worker role")
        group.create_task(keep_in_step(settings, telemetry, client), name="bridge role")


def worker_plugin(settings: Settings) -> AudioPrepPlugin:
    """All that a worker of ours serves: our own job types, and those of installed packages."""
    return AudioPrepPlugin(settings, installed_extensions())


async def _work(settings: Settings, telemetry: Telemetry, client: Client | None) -> None:
    hide_from_children()
    health = telemetry.startup.watch_once("worker")

    async def connected() -> Client:
        plugin = worker_plugin(settings)
        return client or await connect_patiently(plugin, health, telemetry.runtime, telemetry.interceptors)

    async with _updates(settings):
        await WorkerSupervisor(connected, settings, health).run()


@asynccontextmanager
async def _updates(settings: Settings) -> AsyncIterator[None]:
    """Look for newer versions of yt-dlp while the block lasts, if the operator wants them."""
    period = settings.sites.ytdlp_update
    if period is None:
        yield
        return
    updater = YtdlpUpdater(settings.sites.ytdlp_index, updates_folder(settings.storage.work_dir), period)
    updating = asyncio.create_task(updater.run(), name="yt-dlp updates")
    try:
        yield
    finally:
        updating.cancel()
        await asyncio.wait({updating})


@asynccontextmanager
async def until_signalled() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM, SIGINT or a closed terminal sets."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    hangup = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)  # nohup(1)
    numbers = (signal.SIGTERM, signal.SIGINT, *hangup)
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
