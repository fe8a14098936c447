"""How fast a cancel kills, and how fast a step moves to another worker: `python -m benchmarks.latency`.

Default settings, a real ffmpeg that would run for minutes, real servers.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client

from audioprep.jobs.request import workflow_id_for
from tests.support import processes
from tests.support.audio import make_audio
from tests.support.children import child_of, until_gone
from tests.support.deployment import Deployment
from tests.support.places import local_place
from tests.support.pollers import until_polling
from tests.support.processes import Program
from tests.support.programs import slow_ffmpeg

INGEST = {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency")
    parser.add_argument("--cancels", type=int, default=30)
    parser.add_argument("--handovers", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audioprep-latency-") as folder:
        asyncio.run(measure(Path(folder), arguments.cancels, arguments.handovers))


async def measure(folder: Path, cancels: int, handovers: int) -> None:
    async with deployed(folder) as deployment:
        deployment.start("bridge")
        worker = deployment.start("worker")
        print(f"{'what':<46} {'n':>3} {'median':>8} {'p95':>8} {'max':>8}   seconds")
        killed, acknowledged = await measure_cancels(deployment, worker, cancels)
        report("cancel: UPDATE to process gone", killed)
        report("cancel: UPDATE to acknowledged row", acknowledged)
        taken, running, attempts = await measure_handovers(deployment, worker, handovers)
        report("SIGTERM to the step started on another worker", taken)
        report("SIGTERM to its ffmpeg running there", running)
        print(f"attempts used up by {handovers} handovers: {attempts}")


async def measure_cancels(deployment: Deployment, worker: Program, count: int) -> tuple[list[float], list[float]]:
    killed, acknowledged = [], []
    for _ in range(count):
        job_id = await deployment.app.submit("ingest", INGEST)
        ffmpeg = await child_of(worker.pid, "readrate")
        begun = time.monotonic()
        await deployment.app.cancel(job_id)
        await until_gone(ffmpeg)
        killed.append(time.monotonic() - begun)
        await deployment.app.acknowledged(job_id)
        acknowledged.append(time.monotonic() - begun)
    return killed, acknowledged


async def measure_handovers(
    deployment: Deployment, worker: Program, count: int
) -> tuple[list[float], list[float], int]:
    client = await Client.connect(deployment.temporal_address)
    job_id = await deployment.app.submit("ingest", INGEST)
    await child_of(worker.pid, "readrate")
    taken, running = [], []
    for _ in range(count):
        other = deployment.start("worker")
        await until_polling(client, deployment.task_queue, other)
        wall, begun = time.time(), time.monotonic()
        worker.running.terminate()
        await child_of(other.pid, "readrate")
        running.append(time.monotonic() - begun)
        description = await client.get_workflow_handle(workflow_id_for(job_id)).describe()
        (pending,) = description.raw_description.pending_activities
        taken.append(pending.last_started_time.ToNanoseconds() / 1e9 - wall)
        await asyncio.to_thread(worker.running.wait, 20)
        worker = other
    row = await deployment.app.row(job_id)
    await deployment.app.cancel(job_id)
    await deployment.app.acknowledged(job_id)
    return taken, running, int(row["retryCount"])


def report(what: str, values: list[float]) -> None:
    ordered = sorted(values)
    p95 = ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
    print(f"{what:<46} {len(ordered):>3} {ordered[len(ordered) // 2]:>8.2f} {p95:>8.2f} {ordered[-1]:>8.2f}")


@asynccontextmanager
async def deployed(folder: Path) -> AsyncIterator[Deployment]:
    database, database_url = processes.sqld(folder)
    temporal, address, ui_url = processes.temporal(folder)
    with processes.running(database), processes.running(temporal):
        processes.wait_for_http(f"{database_url}/health", database)
        processes.wait_for_http(ui_url, temporal)
        deployment = Deployment(folder, database_url, address, local_place(folder / "storage"), defaults=True)
        deployment.extra["PATH"] = slow_ffmpeg(folder / "bin")
        deployment.upload(make_audio(folder / "tone.mp3", 900), "uploads/tone.mp3")
        await deployment.migrate()
        try:
            yield deployment
        finally:
            deployment.stop()


if __name__ == "__main__":
    main()
