"""A worker in a process of its own, so that the demo can kill it."""

import os
import sys
from asyncio.subprocess import DEVNULL, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from audioprep.dev.server import DevServer, stop_process
from audioprep.settings import Settings

_STOP_TIMEOUT: Final = 10.0  # seconds from SIGTERM to SIGKILL
_DEPLOYMENT: Final = ("TURSO_", "TEMPORAL_", "AUDIOPREP_HTTP_", "AUDIOPREP_DEPLOYMENT", "AUDIOPREP_BUILD_ID")


@asynccontextmanager
async def worker_process(settings: Settings, server: DevServer, output: Path) -> AsyncIterator[Process]:
    """`audioprep worker` on the demo's server and storage, stopped at the end if it still runs."""
    with output.open("ab") as file:
        process = await create_subprocess_exec(
            *(sys.executable, "-m", "audioprep", "worker"),
            env=_environment(settings, server),
            stdin=DEVNULL,
            stdout=file,
            stderr=file,
            process_group=0,
        )
    try:
        yield process
    finally:
        await stop_process(process, _STOP_TIMEOUT)


def _environment(settings: Settings, server: DevServer) -> dict[str, str]:
    """Ours without what belongs to a deployment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DEPLOYMENT)}
    return {
        **kept,
        "TEMPORAL_ADDRESS": server.address,
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "AUDIOPREP_STORAGE_URL": settings.storage.storage_url,
        "AUDIOPREP_WORK_DIR": str(settings.storage.work_dir),
        "AUDIOPREP_TASK_QUEUE": settings.temporal.task_queue,
    }
