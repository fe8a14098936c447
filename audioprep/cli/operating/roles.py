"""`dev`, `serve`, `worker`, `bridge`, `demo`: the commands that stay until they are stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audioprep.cli.console import EXIT_USAGE, fail, out, read_settings, run, say_named
from audioprep.cli.views.stack import print_stack, say_stopping

if TYPE_CHECKING:
    from audioprep.settings import Settings


class Role(StrEnum):
    """What a process does."""

    WORKER = "worker"
    BRIDGE = "bridge"
    BOTH = "both"


def worker() -> None:
    """Run steps: ffmpeg, yt-dlp, storage. Talks to Temporal and storage, never to Turso."""
    from audioprep.roles import run_worker

    _serve(run_worker)


def bridge() -> None:
    """Keep the jobs table and Temporal in step. Runs no child process and touches no file."""
    from audioprep.roles import run_bridge

    _serve(run_bridge)


def serve(
    role: Annotated[
        Role, typer.Option(envvar="AUDIOPREP_ROLE", help="For platforms that run an image's own command only.")
    ] = Role.BOTH,
) -> None:
    """Run worker and bridge in one process, for the smallest deployment."""
    from audioprep.roles import run_both, run_bridge, run_worker

    _serve({Role.WORKER: run_worker, Role.BRIDGE: run_bridge, Role.BOTH: run_both}[role])


def dev(
    folder: Annotated[Path, typer.Option(help="Where the database, storage and Temporal's state live.")] = Path(
        ".audioprep"
    ),
    port: Annotated[int, typer.Option(help="Port of the Temporal server.")] = 7233,
    ui_port: Annotated[int, typer.Option(help="Port of the Temporal UI.")] = 8233,
) -> None:
    """Run everything on this machine: Temporal server with UI, database file, local storage, worker, bridge."""
    settings = read_settings()
    _configure_logs(settings)
    run(_dev(settings.local(folder), folder, port, ui_port))


def codec_server(
    port: Annotated[int, typer.Option(help="Port on loopback.")] = 8234,
    ui: Annotated[str, typer.Option(help="Origin of the Temporal UI that may ask.")] = "http://localhost:8233",
) -> None:
    """Decrypt payloads for the Temporal UI on this machine, with AUDIOPREP_PAYLOAD_KEY."""
    run(_until_signalled(lambda settings: _decrypt(settings, port, ui), read_settings()))


async def _decrypt(settings: "Settings", port: int, ui: str) -> None:
    from audioprep.encryption.payload_codec import EncryptingCodec
    from audioprep.service.ports import require_free
    from audioprep.temporal.codec_server import codec_server

    if not settings.temporal.payload_keys:
        raise RuntimeError("There is nothing to decrypt with: AUDIOPREP_PAYLOAD_KEY is not set.")
    require_free({"--port": port})
    async with codec_server(EncryptingCodec(settings.temporal.payload_keys), port, ui):
        out.print(f"codec endpoint  http://127.0.0.1:{port}  for the UI at {ui}", highlight=False)
        await asyncio.Event().wait()


def demo(
    file: Annotated[Path | None, typer.Argument(help="An audio file; without one the demo makes its own.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path(".audioprep/demo"),
    keep: Annotated[bool, typer.Option("--keep", help="Go on until Ctrl-C, so that the links can be opened.")] = False,
) -> None:
    """Run one ingest job on a whole stack, kill its worker half-way, and see another one complete it."""
    from audioprep.demo.run import run_demo
    from audioprep.demo.screen import DemoScreen

    if file is not None and not file.is_file():
        fail(f"There is no file {file}.", EXIT_USAGE)
    settings = read_settings()
    settings.log = settings.log.model_copy(update={"log_level": "error"})
    settings.http = settings.http.model_copy(update={"http_port": None})  # a deployment beside it may have this port
    _configure_logs(settings)
    run(run_demo(settings.local(folder), folder, file, DemoScreen(out, say_named), keep=keep))


async def _dev(settings: "Settings", folder: Path, port: int, ui_port: int) -> None:
    from audioprep.dev.server import dev_server, make_folder
    from audioprep.dev.stack import published
    from audioprep.roles import run_both, until_signalled, worker_plugin
    from audioprep.service.ports import require_free

    wanted = {"--port": port, "--ui-port": ui_port, "AUDIOPREP_HTTP_PORT": settings.http.http_port or 0}
    require_free({option: number for option, number in wanted.items() if number})
    await asyncio.to_thread(make_folder, folder)
    plugin = worker_plugin(settings)
    async with until_signalled() as stop:
        async with dev_server(folder / "temporal", plugin, port, ui_port) as server:
            queue = settings.temporal.task_queue
            with published(folder, temporal=server.address, ui=server.ui_url, task_queue=queue) as stack:
                print_stack(stack)
                await run_until(run_both(settings, server.client), stop, goodbye=say_stopping)
        out.print("stopped", highlight=False)


def _serve(role: "Callable[[Settings], Awaitable[None]]") -> None:
    settings = read_settings()
    _configure_logs(settings)
    run(_until_signalled(role, settings))


async def _until_signalled(role: "Callable[[Settings], Awaitable[None]]", settings: "Settings") -> None:
    from audioprep.roles import until_signalled

    async with until_signalled() as stop:
        await run_until(role(settings), stop)


async def run_until(role: Awaitable[None], stop: asyncio.Event, goodbye: Callable[[], None] = lambda: None) -> None:
    """Run a role until `stop` is set or the role ends by itself, which only an error makes it do."""
    running = asyncio.ensure_future(role)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        goodbye()
    finally:
        stopping.cancel()
        running.cancel()
        await asyncio.wait({running})


def _configure_logs(settings: "Settings") -> None:
    from audioprep.telemetry.logs import configure_logging

    configure_logging(settings.log)
