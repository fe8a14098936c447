"""A bridge and a worker for the trial jobs, otherwise set up as ours: `python -m benchmarks.roles bridge|worker`."""

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

from temporalio.worker import PollerBehaviorSimpleMaximum, Worker

from audioprep.bridge.bridge import Bridge
from audioprep.bridge.database import open_database
from audioprep.bridge_options import bridge_options
from audioprep.http.part import Part
from audioprep.http.server import http_server
from audioprep.logs import configure_logging
from audioprep.roles import until_signalled
from audioprep.settings import Settings
from audioprep.temporal import connect
from benchmarks.trial_types import TRIAL_TYPES
from benchmarks.trial_workflow import TrialActivities, TrialWorkflow

_HEARTBEAT_THROTTLE = timedelta(seconds=1)


async def run_bridge(settings: Settings) -> None:
    """As `audioprep bridge`, with the trial type instead of the product's."""
    async with open_database(settings.database.database_url) as database:
        options = replace(bridge_options(settings), types=TRIAL_TYPES)
        bridge = Bridge(database, await connect(), options)
        parts = [Part(bridge.health, bridge.metrics, bridge.wake)]
        http = settings.http
        secret = http.wake_secret.get_secret_value() if http.wake_secret else None
        async with (
            http_server(parts, http.http_host, http.http_port or 0, secret),
            until_signalled() as stop,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(bridge.run())
            await stop.wait()
            bridge.stop()


async def run_worker(settings: Settings) -> None:
    """As `audioprep worker`, with the trial workflow instead of the product's."""
    worker = Worker(
        await connect(),
        task_queue=settings.temporal.task_queue,
        workflows=[TrialWorkflow],
        activities=[TrialActivities().wait],
        max_concurrent_activities=settings.worker.activity_slots,
        max_heartbeat_throttle_interval=_HEARTBEAT_THROTTLE,
        default_heartbeat_throttle_interval=_HEARTBEAT_THROTTLE,
        workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(20),
        nonsticky_to_sticky_poll_ratio=0.5,
    )
    async with until_signalled() as stop, worker:
        await stop.wait()


def main() -> NoReturn:
    settings = Settings()
    configure_logging(settings.log)
    asyncio.run({"bridge": run_bridge, "worker": run_worker}[sys.argv[1]](settings))
    sys.exit(0)


if __name__ == "__main__":
    main()
