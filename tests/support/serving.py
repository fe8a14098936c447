"""A bridge in the test's own process, in a hurry."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client

from audioprep.bridge import Bridge, BridgeOptions
from tests.support.carried import CARRIED

ROUTED = "carried"


@asynccontextmanager
async def serving(url: str, client: Client, task_queue: str, **options: Any) -> AsyncIterator[Bridge]:
    """It serves the table until the block ends; `carried` rows go to the workflow of that name on its own queue."""
    quick: dict[str, Any] = {
        "idle_interval": 0.1,
        "busy_interval": 0.1,
        "sweep_interval": 0.5,
        "redrive_after": 0.5,
        "orphans_interval": 0.2,
        "orphans_patience": 0.5,
        "routes": {ROUTED: CARRIED},
    }
    async with Bridge.open(url, client, BridgeOptions(task_queue=task_queue, **{**quick, **options})) as bridge:
        running = asyncio.create_task(bridge.run())
        try:
            yield bridge
        finally:
            bridge.stop()
            await running
