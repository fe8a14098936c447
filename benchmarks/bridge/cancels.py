"""How fast a cancel kills, and how fast a step moves to another worker."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client

from benchmarks.figures import median, quantile
from benchmarks.measurement import Measurement, Row, at_most
from benchmarks.stack import Stack, open_stack
from tests.support.audio import make_audio
from tests.support.children import child_of, until_gone
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.pollers import until_polling
from tests.support.processes import Program

_INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    cancels, handovers = (2, 1) if quick else (30, 15)
    async with _deployed(folder) as stack:
        deployment, client = stack.deployment, await stack.client()
        deployment.start("bridge")
        worker = deployment.start("worker")
        killed, acknowledged = await _cancels(deployment, worker, cancels)
        taken, running, attempts = await _handovers(deployment, client, worker, handovers)
        seldom = await _with_few_heartbeats(deployment, client, cancels)
    return [
        *_rows("cancel: UPDATE to process gone", killed, 1.5),
        *_rows("cancel: UPDATE to acknowledged row", acknowledged),
        *_rows("cancel with a heartbeat every 5 s: UPDATE to process gone", seldom, 1.5),
        *_rows("handover: SIGTERM to the step started on another worker", taken),
        *_rows("handover: SIGTERM to its ffmpeg running there", running),
        Row(f"attempts used up by {handovers} handovers", str(attempts), goal="0", reached=attempts == 0),
    ]


async def _cancels(deployment: Deployment, worker: Program, count: int) -> tuple[list[float], list[float]]:
    killed, acknowledged = [], []
    for _ in range(count):
        job_id = await deployment.app.submit("ingest", _INGEST)
        ffmpeg = await child_of(worker.pid, "readrate")
        begun = time.monotonic()
        await deployment.app.cancel(job_id)
        await until_gone(ffmpeg)
        killed.append(time.monotonic() - begun)
        await deployment.app.acknowledged(job_id)
        acknowledged.append(time.monotonic() - begun)
    return killed, acknowledged


async def _with_few_heartbeats(deployment: Deployment, client: Client, count: int) -> list[float]:
    """Cancels as on Temporal Cloud with worker commands, by which they come, not by heartbeats."""
    for program in deployment.programs[1:]:
        program.stop()
    worker = deployment.start("worker", AUDIOPREP_HEARTBEAT_INTERVAL="5")
    await until_polling(client, deployment.task_queue, worker)
    return (await _cancels(deployment, worker, count))[0]


async def _handovers(
    deployment: Deployment, client: Client, worker: Program, count: int
) -> tuple[list[float], list[float], int]:
    job_id = await deployment.app.submit("ingest", _INGEST)
    await child_of(worker.pid, "readrate")
    taken, running = [], []
    for _ in range(count):
        other = deployment.start("worker")
        await until_polling(client, deployment.task_queue, other)
        wall, begun = time.time(), time.monotonic()
        worker.running.terminate()
        await child_of(other.pid, "readrate")
        running.append(time.monotonic() - begun)
        description = await client.get_workflow_handle(await deployment.app.workflow_id(job_id)).describe()
        (pending,) = description.raw_description.pending_activities
        taken.append(pending.last_started_time.ToNanoseconds() / 1e9 - wall)
        await asyncio.to_thread(worker.running.wait, 20)
        worker = other
    row = await deployment.app.row(job_id)
    await deployment.app.cancel(job_id)
    await deployment.app.acknowledged(job_id)
    return taken, running, int(row["retryCount"])


def _rows(what: str, seconds: list[float], limit: float | None = None) -> list[Row]:
    value = quantile(seconds, 0.95)
    late = f"{what}, 95 %"
    return [
        Row(f"{what}, median of {len(seconds)}", f"{median(seconds):.2f} s"),
        Row(late, f"{value:.2f} s") if limit is None else at_most(late, value, limit, "s"),
    ]


@asynccontextmanager
async def _deployed(folder: Path) -> AsyncIterator[Stack]:
    async with open_stack(folder) as stack:
        stack.deployment.extra["PATH"] = slow_ffmpeg(folder / "bin")
        stack.deployment.upload(make_audio(folder / "tone.mp3", 900), "uploads/tone.mp3")
        yield stack


MEASUREMENT = Measurement(
    "cancel",
    "Cancels and handovers",
    "Default settings, a real ffmpeg that would run for minutes. Of a handover 0.5 s is the grace"
    " (`AUDIOPREP_DRAIN_GRACE`).",
    run,
)
