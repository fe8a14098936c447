"""Temporal's development server with its UI, as a child process in a process group of its own."""

import asyncio
import fcntl
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment

from audioprep.plugin import AudioPrepPlugin
from audioprep.service.ports import free_ports, listener, require_free
from audioprep.telemetry.sdk_logs import sdk_logging
from audioprep.temporal.connection import check_namespace

# The first two make a cancel reach a running activity at once instead of with its next heartbeat. Temporal orders by
# priority within each partition of a task queue; with one partition, the whole queue is in order.
DYNAMIC_CONFIG = (
    "frontend.WorkerCommandsEnabled=true",
    "system.enableCancelActivityWorkerCommand=true",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
)
LOG: Final = "temporal.log"
_START_TIMEOUT: Final = 60.0  # seconds
_STOP_TIMEOUT: Final = 2.0  # seconds from SIGTERM to SIGKILL, which SQLite's write-ahead log survives
_PAUSE: Final = 0.1  # seconds between two tries to connect
_GUARD: Final = (
    '[ "$PPID" = "$0" ] && exec "$@"'  # a parent that died before the signal was set leaves no server behind
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
    """A Temporal server whose state and log live in `folder`, stopped at the end. A port that is None is chosen.

    It is this process' own: a server that another process started is not used, nor a folder that another one uses. An
    interrupt from the terminal does not reach it: it is there until the worker has handed over its steps.

    Its client carries `plugin`, and with it all that a worker made from it serves.

    Uses a `temporal` on PATH or beside the interpreter, and otherwise what the SDK downloads. Raises RuntimeError
    when it does not start.
    """
    await asyncio.to_thread(make_folder, folder)
    chosen = free_ports(2)
    port, ui_port = port or chosen[0], ui_port or chosen[1]
    with _locked(folder):
        process = await _start(folder, port, ui_port)
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                client = await _connect(process, folder / LOG, f"127.0.0.1:{port}", plugin)
            # What answers may be another server, when ours could not listen.
            if (owner := listener(port)) is not None and owner.pid != process.pid:
                require_free({"--port": port})
            yield DevServer(client, f"127.0.0.1:{port}", f"http://127.0.0.1:{ui_port}")
        except TimeoutError:
            raise RuntimeError(f"Temporal did not start within {_START_TIMEOUT:.0f} s: see {folder / LOG}.") from None
        finally:
            await stop_process(process, _STOP_TIMEOUT)


def make_folder(folder: Path) -> None:
    """Raises RuntimeError when it cannot be made or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeError(_unusable(folder, error.strerror or "")) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RuntimeError(_unusable(folder, "it cannot be written to"))


def _unusable(folder: Path, reason: str) -> str:
    return f"The folder {folder.absolute()} cannot be used: {reason}. Choose another with --folder."


async def _start(folder: Path, port: int, ui_port: int) -> Process:
    argv = [await _binary(folder), "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"]
    argv += ["--port", str(port), "--ui-port", str(ui_port), "--db-filename", str(folder / "temporal.db")]
    argv += ["--sqlite-pragma", "journal_mode=WAL"]
    for value in DYNAMIC_CONFIG:
        argv += ["--dynamic-config-value", value]
    with (folder / LOG).open("wb") as log:
        return await create_subprocess_exec(
            *_tied_to_us(), *argv, stdin=DEVNULL, stdout=log, stderr=log, process_group=0
        )


def _tied_to_us() -> tuple[str, ...]:
    """A prefix by which the kernel ends the server when this process dies; empty where there is no such thing."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--", "/bin/sh", "-c", _GUARD, str(os.getpid())) if setpriv else ()


async def _connect(process: Process, log: Path, address: str, plugin: AudioPrepPlugin) -> Client:
    while True:
        if process.returncode is not None:
            raise RuntimeError(f"Temporal ended at once ({_last_line(log)}): see {log}.")
        with suppress(RuntimeError):
            client = await Client.connect(address, plugins=[plugin], runtime=_quiet_runtime())
            await check_namespace(client)
            return client
        await asyncio.sleep(_PAUSE)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else f"{log.name} is empty"


async def stop_process(process: Process, timeout: float) -> None:
    """Terminate a child process, and kill it after `timeout` seconds; it is reaped in any case."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(timeout):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


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
    """Errors only: what else the SDK says here is of a server that starts or stops."""
    return Runtime(telemetry=TelemetryConfig(logging=sdk_logging("ERROR")))


async def _binary(folder: Path) -> str:
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    return found or await _downloaded(folder)


async def _downloaded(folder: Path) -> str:
    """Where the SDK keeps the server that it downloads: it has no other way to ask for it than to start it."""
    before = {child.pid for child in psutil.Process().children()}
    async with await WorkflowEnvironment.start_local(download_dest_dir=str(folder), runtime=_quiet_runtime()):
        started = [child for child in psutil.Process().children() if child.pid not in before]
        for child in started:
            with suppress(psutil.Error):
                if "start-dev" in child.cmdline():
                    return child.exe()
    raise RuntimeError("There is no `temporal` on PATH: install Temporal's command line.")
