"""The whole of audioprep on one machine: a Temporal server with its UI, a database file, local storage."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment

from audioprep.plugin import AudioPrepPlugin

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

    Its client carries `plugin`, and with it all that a worker made from it serves.

    Uses a `temporal` on PATH or beside the interpreter, and otherwise what the SDK downloads. Raises RuntimeError
    when it does not start.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    port = port or free_port()
    ui_port = ui_port or free_port()
    flags = [flag for value in DYNAMIC_CONFIG for flag in ("--dynamic-config-value", value)]
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
        yield DevServer(environment.client, f"127.0.0.1:{port}", f"http://127.0.0.1:{ui_port}")


def _quiet_runtime() -> Runtime:
    """Server and workers stop together here: that a worker's good-bye found nobody is no news."""
    errors_only = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=errors_only)))


def _temporal_binary() -> str | None:
    beside = Path(sys.executable).with_name("temporal")
    return str(beside) if beside.exists() else shutil.which("temporal")


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
