"""What a crash leaves behind is repaired by the next pass."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from tests.support.audio import make_audio
from tests.support.deployment import Deployment
from tests.support.waiting import eventually

METADATA = '{"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}'


async def insert_row(deployment: Deployment, job_id: str, status: str, stage: str | None, age: float) -> None:
    then = (datetime.now(UTC) - timedelta(seconds=age)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    await deployment.app.sql(
        "INSERT INTO audio_prep_jobs (jobId, type, status, stage, metadata, createdAt, updatedAt)"
        " VALUES (?, 'ingest', ?, ?, ?, ?, ?)",
        *(job_id, status, stage, METADATA, then, then),
    )


async def test_rows_that_nobody_cares_for_are_brought_to_an_end(deployment: Deployment, tmp_path: Path) -> None:
    await deployment.migrate()
    deployment.extra["AUDIOPREP_REDRIVE_AFTER"] = "30"
    deployment.upload(make_audio(tmp_path / "tone.mp3", 1), "uploads/tone.mp3")
    await insert_row(deployment, "claimed-and-forgotten", "processing", "queued", age=60)
    await insert_row(deployment, "fresh-of-another-program", "processing", "downloading", age=5)
    await insert_row(deployment, "fresh-claim-of-another-program", "processing", "queued", age=0)
    await insert_row(deployment, "stale-of-another-program", "processing", "downloading", age=700)
    await insert_row(deployment, "cancel-nobody-acknowledged", "cancelled", "queued", age=5)
    deployment.start("serve")
    app = deployment.app

    driven = await app.finished("claimed-and-forgotten")
    reaped = await app.finished("stale-of-another-program")
    await app.acknowledged("cancel-nobody-acknowledged")

    assert driven["status"] == "complete"
    assert reaped["status"] == "failed"
    assert reaped["error"].startswith("No worker has reported on this job"), "no time limit stopped it"
    assert (await app.row("fresh-of-another-program"))["status"] == "processing"
    assert (await app.row("fresh-claim-of-another-program"))["status"] == "processing"


async def test_a_result_that_came_while_no_bridge_ran_reaches_the_row(
    deployment: Deployment, tmp_path: Path, temporal: Client
) -> None:
    await deployment.migrate()
    deployment.upload(make_audio(tmp_path / "tone.mp3", 1), "uploads/tone.mp3")
    bridge = deployment.start("bridge")
    job_id = await deployment.app.submit("ingest", METADATA)
    await eventually(lambda: _started(temporal, job_id), what="the job's workflow")
    bridge.kill()
    worker = deployment.start("worker")
    await asyncio.wait_for(temporal.get_workflow_handle(f"audioprep-{job_id}").result(), 30)
    assert worker.stop() == 0
    deployment.start("bridge")

    assert (await deployment.app.finished(job_id))["status"] == "complete"


async def _started(temporal: Client, job_id: str) -> bool:
    try:
        await temporal.get_workflow_handle(f"audioprep-{job_id}").describe()
    except RPCError:
        return False
    return True
