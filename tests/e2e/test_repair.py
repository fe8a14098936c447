"""What a crash leaves behind is repaired by the next pass."""

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from audioprep.bridge.decide import LOST_ERROR
from audioprep.jobs import timestamps
from tests.conftest import TemporalServer
from tests.support.audio import make_audio
from tests.support.carried import CARRIED, carriers
from tests.support.deployment import Deployment
from tests.support.serving import ROUTED, serving
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

METADATA = '{"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"}'


async def insert_row(deployment: Deployment, job_id: str, status: str, stage: str | None, age: float) -> None:
    then = (datetime.now(UTC) - timedelta(seconds=age)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    await deployment.app.sql(
        "INSERT INTO audio_prep_jobs (jobId, type, status, stage, metadata, createdAt, updatedAt)"
        " VALUES (?, 'ingest', ?, ?, ?, ?, ?)",
        *(job_id, status, stage, METADATA, then, then),
    )


async def test_abandoned_rows_are_brought_to_an_end(deployment: Deployment, tmp_path: Path) -> None:
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
    assert (reaped["status"], reaped["error"]) == ("failed", LOST_ERROR)
    assert json.loads(reaped["result"])["error"] == {"kind": "Lost", "retryable": True, "attempts": 1}
    assert (await app.row("fresh-of-another-program"))["status"] == "processing"
    assert (await app.row("fresh-claim-of-another-program"))["status"] == "processing"


async def test_a_result_that_came_while_no_bridge_ran_reaches_the_row(
    deployment: Deployment, tmp_path: Path, temporal: Client
) -> None:
    await deployment.migrate()
    deployment.upload(make_audio(tmp_path / "tone.mp3", 1), "uploads/tone.mp3")
    bridge = deployment.start("bridge")
    job_id = await deployment.app.submit("ingest", METADATA)
    await eventually(lambda: _started(deployment.app, temporal, job_id), what="the job's workflow")
    bridge.kill()
    worker = deployment.start("worker")
    await asyncio.wait_for(temporal.get_workflow_handle(await deployment.app.workflow_id(job_id)).result(), 30)
    assert worker.stop() == 0
    deployment.start("bridge")

    assert (await deployment.app.finished(job_id))["status"] == "complete"


async def _started(app: WebApp, temporal: Client, job_id: str) -> bool:
    try:
        await temporal.get_workflow_handle(await app.workflow_id(job_id)).describe()
    except RPCError:
        return False
    return True


async def test_a_workflow_from_before_identities_ends_its_row(
    temporal: Client, temporal_server: TemporalServer, sqld_url: str, app: WebApp
) -> None:
    """Its id holds no table, and its home is the task queue: so the bridges of the version before started it."""
    queue, job_id = f"before-{uuid.uuid4()}", str(uuid.uuid4())
    memo = {"jobId": job_id, "type": ROUTED, "home": queue}
    request = {"jobId": job_id, "type": ROUTED, "payload": {"waits": True}, "cancelled": False}
    old = await temporal.start_workflow(CARRIED, request, id=f"audioprep-{job_id}", task_queue=queue, memo=memo)
    async with serving(sqld_url, temporal, queue), carriers(temporal_server.address, queue):
        await _insert_claimed(app, job_id, age=60)
        await old.signal("end")
        row = await app.finished(job_id)
        runs = await temporal.count_workflows(f"WorkflowId = '{await app.workflow_id(job_id)}'")

    assert (row["status"], json.loads(row["result"])) == ("complete", {"carried": True})
    assert runs.count == 0


async def test_a_row_that_a_replica_lacks_is_missed_for_a_while(
    temporal: Client, temporal_server: TemporalServer, sqld_url: str, app: WebApp
) -> None:
    """An orphan is cancelled once its row is missing for the time of patience; one whose row comes before never is."""
    queue, patience = f"replica-{uuid.uuid4()}", 3.0
    options = {"orphans_interval": 0.1, "orphans_patience": patience}
    async with serving(sqld_url, temporal, queue, **options), carriers(temporal_server.address, queue):
        late, orphan = [await _start_without_row(temporal, app, queue) for _ in range(2)]
        searched = time.monotonic()
        await eventually(lambda: _is_listed(temporal, late, orphan), what="both in Temporal's list")
        await _insert_claimed(app, late, age=0)
        await eventually(lambda: _cancel_time(temporal, app, orphan), what="the cancel of the orphan")
        waited = time.monotonic() - searched
        cancelled = await _cancel_time(temporal, app, late)
        await temporal.get_workflow_handle(await app.workflow_id(late)).signal("end")
        row = await app.finished(late)

    assert waited >= patience
    assert cancelled is None
    assert row["status"] == "complete"


async def test_a_clock_that_is_put_right_delays_no_repair(
    temporal: Client,
    temporal_server: TemporalServer,
    sqld_url: str,
    app: WebApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bridge's clock is an hour fast while it does its first job; then another bridge's claim is left behind."""
    queue = f"clock-{uuid.uuid4()}"
    async with serving(sqld_url, temporal, queue), carriers(temporal_server.address, queue):
        monkeypatch.setattr(timestamps, "datetime", _FastClock)
        first = await app.finished(await app.submit(ROUTED, {}))
        monkeypatch.undo()
        orphan = str(uuid.uuid4())
        await _insert_claimed(app, orphan, age=20)
        row = await app.finished(orphan, within=10)

    assert timestamps.from_text(first["updatedAt"]) > datetime.now(UTC) + timedelta(minutes=50)
    assert row["status"] == "complete"


class _FastClock(datetime):
    """An hour fast."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_FastClock":
        return super().now(tz) + timedelta(hours=1)


async def _insert_claimed(app: WebApp, job_id: str, age: float) -> None:
    """A routed row that a bridge has claimed, `age` seconds ago."""
    then = timestamps.to_text(datetime.now(UTC) - timedelta(seconds=age))
    await app.sql(
        "INSERT INTO audio_prep_jobs (jobId, type, status, stage, metadata, createdAt, updatedAt)"
        " VALUES (?, ?, 'processing', 'queued', '{}', ?, ?)",
        *(job_id, ROUTED, then, then),
    )


async def _start_without_row(temporal: Client, app: WebApp, queue: str) -> str:
    """The id of a job whose workflow runs."""
    job_id = str(uuid.uuid4())
    memo = {"jobId": job_id, "type": ROUTED, "home": await app.table_id()}
    request = {"jobId": job_id, "type": ROUTED, "payload": {"waits": True}, "cancelled": False}
    await temporal.start_workflow(CARRIED, request, id=await app.workflow_id(job_id), task_queue=queue, memo=memo)
    return job_id


async def _is_listed(temporal: Client, *job_ids: str) -> bool:
    """Whether the visibility store, in which the bridge searches, has their workflows."""
    listed = [run.id async for run in temporal.list_workflows(f"WorkflowType = '{CARRIED}'")]
    return all(any(run.endswith(job_id) for run in listed) for job_id in job_ids)


async def _cancel_time(temporal: Client, app: WebApp, job_id: str) -> datetime | None:
    """When its workflow was asked to cancel, if it was."""
    history = await temporal.get_workflow_handle(await app.workflow_id(job_id)).fetch_history()
    for event in history.events:
        if event.HasField("workflow_execution_cancel_requested_event_attributes"):
            return event.event_time.ToDatetime(UTC)
    return None
