"""A cancel kills ffmpeg, and the row says so only afterwards."""

from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from tests.support.audio import make_audio
from tests.support.children import child_of, descendants, until_gone
from tests.support.deployment import Deployment
from tests.support.fake_programs import deaf_ffmpeg, slow_ffmpeg
from tests.support.processes import free_port
from tests.support.waiting import eventually
from tests.support.webapp import WebApp


@pytest.fixture
async def slow(deployment: Deployment, tmp_path: Path) -> Deployment:
    """A deployment on which decoding takes as long as listening."""
    deployment.extra["PATH"] = slow_ffmpeg(tmp_path / "bin")
    deployment.upload(make_audio(tmp_path / "tone.mp3", 300), "uploads/tone.mp3")
    await deployment.migrate()
    await deployment.app.record_changes()
    return deployment


async def submit(app: WebApp) -> str:
    return await app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"})


async def test_the_rows_cancel_kills_ffmpeg_before_it_is_acknowledged(slow: Deployment) -> None:
    serve = slow.start("serve")
    job_id = await submit(slow.app)
    await slow.app.until(job_id, "processing", stage="analyzing")
    ffmpeg = await child_of(serve.pid, "readrate")

    await slow.app.cancel(job_id)
    row = await slow.app.acknowledged(job_id)

    assert not ffmpeg.is_running()
    assert (row["status"], row["stage"], row["progress"]) == ("cancelled", None, 0)
    assert (await slow.app.path(job_id))[-2:] == [("cancelled", "analyzing"), ("cancelled", None)]


async def test_a_cancel_from_temporal_ends_the_same_way(slow: Deployment, temporal: Client) -> None:
    serve = slow.start("serve")
    job_id = await submit(slow.app)
    await slow.app.until(job_id, "processing", stage="analyzing")
    ffmpeg = await child_of(serve.pid, "readrate")

    await temporal.get_workflow_handle(await slow.app.workflow_id(job_id)).cancel()
    row = await slow.app.acknowledged(job_id)

    await until_gone(ffmpeg)
    assert row["status"] == "cancelled"


async def test_an_ffmpeg_that_ignores_sigterm_is_killed(slow: Deployment, tmp_path: Path) -> None:
    slow.extra["PATH"] = deaf_ffmpeg(tmp_path / "bin")
    serve = slow.start("serve")
    job_id = await submit(slow.app)
    ffmpeg = await child_of(serve.pid, "bin/ffmpeg")

    await slow.app.cancel(job_id)
    await slow.app.acknowledged(job_id)

    assert not ffmpeg.is_running()
    assert descendants(serve.pid, "ffmpeg") == []


async def test_a_pending_row_is_cancelled_without_a_workflow(slow: Deployment, temporal: Client) -> None:
    job_id = await submit(slow.app)
    await slow.app.cancel(job_id)
    serve = slow.start("serve")

    later = await submit(slow.app)
    await child_of(serve.pid, "readrate")

    assert (await slow.app.row(job_id))["status"] == "cancelled"
    found = [run async for run in temporal.list_workflows(f"WorkflowId = '{await slow.app.workflow_id(job_id)}'")]
    assert found == []
    await slow.app.cancel(later)
    await slow.app.acknowledged(later)


async def test_a_queued_row_is_cancelled_without_running(slow: Deployment, temporal: Client) -> None:
    """No worker is there yet: the workflow waits, is cancelled, and closes without a step."""
    slow.start("bridge")
    job_id = await submit(slow.app)
    await slow.app.until(job_id, "processing", stage="queued")

    await slow.app.cancel(job_id)
    slow.start("worker")
    await slow.app.acknowledged(job_id)

    handle = temporal.get_workflow_handle(await slow.app.workflow_id(job_id))
    assert (await handle.describe()).status is WorkflowExecutionStatus.CANCELED
    history = await handle.fetch_history()
    assert not any(event.HasField("activity_task_scheduled_event_attributes") for event in history.events)


async def test_cancelling_a_finished_job_has_no_effect(deployment: Deployment, tmp_path: Path) -> None:
    await deployment.migrate()
    deployment.upload(make_audio(tmp_path / "tone.mp3", 1), "uploads/tone.mp3")
    deployment.start("serve")
    job_id = await submit(deployment.app)
    done = await deployment.app.finished(job_id)

    ended = await deployment.command("cancel", job_id)

    assert ended.code == 1
    assert "finished already" in ended.err
    assert await deployment.app.row(job_id) == done


async def test_cancel_during_back_off_is_immediate_and_idempotent(deployment: Deployment, temporal: Client) -> None:
    await deployment.migrate()
    deployment.extra |= {"AUDIOPREP_ALLOW_PRIVATE_URLS": "1", "AUDIOPREP_RETRY_FIRST_DELAY": "60"}
    deployment.start("serve")
    nobody = f"http://127.0.0.1:{free_port()}/a.mp3"
    job_id = await deployment.app.submit("ingest", {"sourceType": "url", "url": nobody})
    await eventually(lambda: _waits_for_a_retry(deployment.app, temporal, job_id), what="the back-off")

    await deployment.app.cancel(job_id)
    await deployment.app.cancel(job_id)
    row = await deployment.app.acknowledged(job_id, within=10)

    assert row["status"] == "cancelled"


async def test_a_job_whose_time_is_up_ends_with_its_child(slow: Deployment) -> None:
    slow.extra["AUDIOPREP_TIMEOUT_INGEST"] = "3"
    serve = slow.start("serve")
    job_id = await submit(slow.app)
    ffmpeg = await child_of(serve.pid, "readrate")

    row = await slow.app.finished(job_id)

    assert (row["status"], row["error"]) == ("failed", "Timeout: job exceeded processing time limit")
    assert not ffmpeg.is_running()


async def _waits_for_a_retry(app: WebApp, temporal: Client, job_id: str) -> bool:
    try:
        description = await temporal.get_workflow_handle(await app.workflow_id(job_id)).describe()
    except RPCError:
        return False
    return any(pending.attempt > 1 for pending in description.raw_description.pending_activities)
