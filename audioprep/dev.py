"""The whole of audioprep on one machine: a Temporal server with its UI, a database file, local storage."""

import asyncio
import fcntl
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment

from audioprep.plugin import AudioPrepPlugin
from audioprep.service.ports import free_ports, is_child, listener, require_free
from audioprep.telemetry.sdk_logs import sdk_logging

# The first two make a cancel reach a running activity at once instead of with its next heartbeat. Temporal orders by
# priority within each partition of a task queue; with one partition, the whole queue is in order.
DYNAMIC_CONFIG = (
    "frontend.WorkerCommandsEnabled=true",
    "system.enableCancelActivityWorkerCommand=true",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
)


@dataclass(frozen=True, slots=True)
class DevServer:
    """A running Temporal development server."""

    client: Client
    address: str
    ui_url: str


@asynccontextmanager
async def dev_server(
    folder: Path, plugin: AudioPrepPlugin, port: int | None = None, ui_port: int | None = None
) -> AsyncIterator[DevServer]:
    """A Temporal server whose state lives in `folder`, stopped at the end. A port that is None is chosen.

    It is this process' own: a server that another process started is not used, nor a folder that another one uses.

    Its client carries `plugin`, and with it all that a worker made from it serves.

    Uses a `temporal` on PATH or beside the interpreter, and otherwise what the SDK downloads. Raises RuntimeError
    when it does not start.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    chosen = free_ports(2)
    port, ui_port = port or chosen[0], ui_port or chosen[1]
    flags = [flag for value in DYNAMIC_CONFIG for flag in ("--dynamic-config-value", value)]
    with _locked(folder):
        environment = await WorkflowEnvironment.start_local(
            runtime=_quiet_runtime(),
            plugins=[plugin],
            port=port,
            ui=True,
            ui_port=ui_port,
            dev_server_existing_path=_temporal_binary(),
            dev_server_database_filename=str(folder / "temporal.db"),
            dev_server_extra_args=["--sqlite-pragma", "journal_mode=WAL", *flags],
        )
        async with environment:
            # The SDK connects to whatever listens, also when the server that it started could not.
            if (owner := listener(port)) is not None and not is_child(owner):
                require_free({"--port": port})
            yield DevServer(environment.client, f"127.0.0.1:{port}", f"http://127.0.0.1:{ui_port}")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two servers on one database file would destroy it. The kernel releases it at the end."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            in_use = (
                f"{folder.absolute().parent} is in use by another audioprep: stop that, or choose another --folder."
            )
            raise RuntimeError(in_use) from None
        yield
    finally:
        os.close(handle)


def _quiet_runtime() -> Runtime:
    """Errors only: server and workers stop together here, and a worker's last calls find no server."""
    return Runtime(telemetry=TelemetryConfig(logging=sdk_logging("ERROR")))


def _temporal_binary() -> str | None:
    beside = Path(sys.executable).with_name("temporal")
    return str(beside) if beside.exists() else shutil.which("temporal")
