"""A worker that is told to stop hands its steps over, at once and without using up their attempts."""

import asyncio
import statistics
import time
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.support.audio import make_audio
from tests.support.children import child_of, descendants
from tests.support.deployment import Deployment
from tests.support.fake_programs import slow_ffmpeg
from tests.support.pollers import until_polling
from tests.support.processes import Program

HANDOVERS = 4


@pytest.fixture
async def slow(deployment: Deployment, tmp_path: Path) -> Deployment:
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin")
    deployment.upload(make_audio(tmp_path / "tone.mp3", 600), "uploads/tone.mp3")
    await deployment.migrate()
    return deployment


async def test_sigterm_hands_the_step_to_another_worker(slow: Deployment, temporal: Client) -> None:
    slow.start("bridge")
    first = slow.start("worker")
    job_id = await slow.app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"})
    await child_of(first.pid, "readrate")
    workers = [first]
    gaps = []

    for _ in range(HANDOVERS):
        second = slow.start("worker")
        await until_polling(temporal, slow.task_queue, second)
        gaps.append(await _replace(workers[-1], second))
        workers.append(second)

    row = await slow.app.row(job_id)
    description = await temporal.get_workflow_handle(await slow.app.workflow_id(job_id)).describe()
    (pending,) = description.raw_description.pending_activities
    assert statistics.median(gaps) < 1.0, gaps
    assert (row["status"], row["retryCount"]) == ("processing", 0)
    assert pending.attempt == 1, "a handover uses up no attempt"
    assert len(list((slow.folder / "work" / "scratch").iterdir())) == 1, "only the live worker's folder"
    await slow.app.cancel(job_id)
    await slow.app.acknowledged(job_id)


async def _replace(old: Program, new: Program) -> float:
    """Stop the old worker; seconds until the new one runs the step."""
    begun = time.monotonic()
    old.running.terminate()
    await child_of(new.pid, "readrate", within=10)
    gap = time.monotonic() - begun
    assert await asyncio.to_thread(old.running.wait, 10) == 0
    assert descendants(new.pid, "readrate")
    return gap
