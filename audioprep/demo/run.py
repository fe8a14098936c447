"""The demo's course: a row, a worker that is killed half-way, another one that completes the job."""

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from audioprep.activities.storage.store import Storage
from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.identity import identify
from audioprep.bridge.store.store import JobStore
from audioprep.demo.recording import SECONDS, make_recording
from audioprep.demo.screen import DemoScreen
from audioprep.demo.worker import worker_process
from audioprep.dev.server import DevServer, dev_server, make_folder
from audioprep.dev.stack import published
from audioprep.jobs import keys
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.request import workflow_id_for
from audioprep.jobs.status import JobStatus, Stage
from audioprep.jobs.text.wording import format_duration
from audioprep.jobs.timestamps import utc_now
from audioprep.roles import run_bridge, until_signalled, worker_plugin
from audioprep.settings import Settings
from audioprep.temporal.links import workflow_link

_DEADLINE: Final = 600.0  # seconds for the job
_POLL_INTERVAL: Final = 0.05  # seconds
_REPEATS: Final = 2  # of four minutes of sound: long enough to be killed in the middle
_LOG: Final = "worker.log"


@dataclass(frozen=True, slots=True)
class DemoJob:
    """The demo's row, and the page of its workflow."""

    job_id: str
    store: JobStore
    link: str

    async def read(self) -> Job:
        job = await self.store.get(self.job_id)
        if job is None:
            raise RuntimeError("The demo's row is gone.")
        return job


async def run_demo(settings: Settings, folder: Path, file: Path | None, screen: DemoScreen, *, keep: bool) -> None:
    """Ingest `file`, or a made-up recording, while its worker is killed. Raises RuntimeError if the job fails."""
    await asyncio.to_thread(make_folder, folder)
    file = file or await _recording(folder, screen)
    async with AsyncExitStack() as stack:
        stop = await stack.enter_async_context(until_signalled())
        server = await stack.enter_async_context(dev_server(folder / "temporal", worker_plugin(settings)))
        settings.temporal = settings.temporal.model_copy(update={"temporal_ui": server.ui_url})
        screen.line("Temporal", f"{server.ui_url}  its UI, until the end of the demo")
        database = await stack.enter_async_context(open_database(settings.database.database_url))
        store = JobStore(database)
        await store.migrate()
        table_id = (await identify(database, settings.database.database_url)).table_id
        bridge = asyncio.create_task(run_bridge(settings, server.client), name="bridge")
        stack.push_async_callback(_cancelled, bridge)
        demo = await _submit(settings, store, table_id, file)
        screen.line("job", demo.link)
        ended = await _until_stopped(_course(settings, server, folder / _LOG, demo, screen), stop)
        if ended is None:
            return
        _print_end(settings, ended, screen)
        queue = settings.temporal.task_queue
        if keep:
            with published(folder, temporal=server.address, ui=server.ui_url, task_queue=queue):
                async with worker_process(settings, server, folder / _LOG):
                    screen.line("kept", f"the links live until Ctrl-C; `audioprep jobs --dev {folder}` lists the jobs")
                    await stop.wait()
    if not keep:
        screen.line("links", f"end with the demo; --keep keeps them, `audioprep dev --folder {folder}` shows all again")


async def _recording(folder: Path, screen: DemoScreen) -> Path:
    file = folder / "demo.wav"
    await asyncio.to_thread(make_recording, file, _REPEATS)
    length = format_duration(SECONDS * _REPEATS)
    screen.line("recording", f"{file}, {length} of sound, {file.stat().st_size / 1e6:.0f} MB")
    return file


async def _submit(settings: Settings, store: JobStore, table_id: str, file: Path) -> DemoJob:
    """Upload the file and insert the row, as a web app would."""
    job_id = str(uuid.uuid4())
    key = f"uploads/{job_id}/{file.name}"
    await Storage.open(settings.storage.storage_url).upload(file, keys.checked(key))
    metadata = {"sourceType": "audio_file", "storageKey": key, "originalFilename": file.name}
    await store.insert(NewJob(job_id, "ingest", metadata, utc_now()))
    return DemoJob(job_id, store, workflow_link(settings, workflow_id_for(job_id, table_id)))


async def _course(settings: Settings, server: DevServer, log: Path, demo: DemoJob, screen: DemoScreen) -> Job:
    """Two workers, one after the other: the first is killed once it analyses."""
    async with asyncio.timeout(_DEADLINE):
        async with worker_process(settings, server, log) as first:
            screen.line("worker", f"process {first.pid}, its log in {log}")
            job = await _follow(demo, screen, lambda job: job.stage == Stage.ANALYZING)
            if job.status.is_final:
                screen.line("no kill", "the job was over before its middle; try a longer recording")
                return job
            first.kill()
            await first.wait()
        screen.line("killed", f"process {first.pid} with SIGKILL, at {job.progress:.0f} % of the job")
        async with worker_process(settings, server, log) as second:
            screen.line("worker", f"process {second.pid} takes over when Temporal misses the heartbeat, in 10 s")
            began = time.monotonic()
            job = await _follow(demo, screen, lambda _: False)
            screen.line(str(job.status), f"{time.monotonic() - began:.1f} s later, retries: {job.retry_count}")
            return job


async def _follow(demo: DemoJob, screen: DemoScreen, enough: Callable[[Job], bool]) -> Job:
    """Show the row whenever it changes, until it is final or `enough`."""
    with screen.bar() as show:
        while True:
            job = await demo.read()
            show(job)
            if job.status.is_final or enough(job):
                return job
            await asyncio.sleep(_POLL_INTERVAL)


def _print_end(settings: Settings, job: Job, screen: DemoScreen) -> None:
    if job.status is not JobStatus.COMPLETE:
        raise RuntimeError(f"The demo's job ended {job.status}: {job.error}")
    screen.result(job, Path(settings.storage.storage_url.removeprefix("file:")))


async def _until_stopped(course: Coroutine[Any, Any, Job], stop: asyncio.Event) -> Job | None:
    """The course's job; None when the demo is interrupted."""
    running, stopping = asyncio.create_task(course), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await running if running.done() else None
    finally:
        stopping.cancel()
        await _cancelled(running)


async def _cancelled(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.wait({task})
