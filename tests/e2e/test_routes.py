"""The bridge as a library: rows carried to workflows that know nothing of audioprep, by name, in plain JSON."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Worker

from audioprep.bridge import Bridge, BridgeOptions
from audioprep.bridge.temporal.executions import Executions
from tests.conftest import TemporalServer
from tests.support.carried import carriers
from tests.support.serving import ROUTED, serving
from tests.support.waiting import eventually
from tests.support.webapp import WebApp, now

_MAY_END = asyncio.Event()


@activity.defn(name="hear")
async def hear(words: list[str]) -> str:
    """Tells its progress as any language can: a JSON object in its heartbeat; first one that is somebody else's."""
    activity.heartbeat("nothing that a bridge could read")
    while not _MAY_END.is_set():
        activity.heartbeat({"progress": 42})
        await asyncio.sleep(0.05)
    return " ".join(words)


@workflow.defn(name="TranscribeWorkflow", sandboxed=False)
class Transcribe:
    """As docs/extending.md asks of a worker in any language; of ours it uses nothing."""

    @workflow.run
    async def run(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["cancelled"]:
            raise asyncio.CancelledError
        workflow.upsert_memo({"stage": "listening", "progress": 0})
        if "words" not in request["payload"]:
            raise ApplicationError("There is nothing to hear.", type="Silent", non_retryable=True)
        text = await workflow.execute_activity(
            hear,
            request["payload"]["words"],
            start_to_close_timeout=timedelta(seconds=request["timeoutSeconds"]),
            heartbeat_timeout=timedelta(seconds=10),
        )
        return {"jobId": request["jobId"], "type": request["type"], "text": text}


@asynccontextmanager
async def transcribers(address: str, task_queue: str) -> AsyncIterator[None]:
    """A worker of somebody else's, with Temporal's own data converter."""
    client = await Client.connect(address)
    throttle = timedelta(seconds=0.1)
    worker = Worker(
        client,
        task_queue=task_queue,
        workflows=[Transcribe],
        activities=[hear],
        max_heartbeat_throttle_interval=throttle,
        default_heartbeat_throttle_interval=throttle,
    )
    async with worker:
        yield


async def test_a_routed_row_gets_its_workflows_result(
    temporal_server: TemporalServer, sqld_url: str, app: WebApp
) -> None:
    home, theirs = f"bridge-{uuid.uuid4()}", f"transcribers-{uuid.uuid4()}"
    options = BridgeOptions(
        task_queue=home, routes={"transcribe": f"TranscribeWorkflow@{theirs}"}, idle_interval=0.1, orphans_interval=0.3
    )
    client = await Client.connect(temporal_server.address)
    _MAY_END.clear()
    async with Bridge.open(sqld_url, client, options) as bridge, transcribers(temporal_server.address, theirs):
        serving = asyncio.create_task(bridge.run())
        good = await app.submit("transcribe", {"words": ["hello", "world"], "priority": 2})
        silent = await app.submit("transcribe", {})
        unwanted = await app.submit("transcribe", {"words": []})
        unfit = await app.submit("transcribe", "[]")

        heard = await eventually(lambda: _at(app, good, 42), what="its progress in the row")
        await app.until(unwanted, "processing", stage="listening")
        await app.cancel(unwanted)
        await app.acknowledged(unwanted)
        await app.sql("DELETE FROM audio_prep_jobs WHERE jobId = ?", unwanted)
        description = await client.get_workflow_handle(await app.workflow_id(good)).describe()
        _MAY_END.set()
        rows = [await app.finished(job_id) for job_id in (good, silent, unfit)]
        bridge.stop()
        await serving

    assert (heard["status"], heard["stage"]) == ("processing", "listening")
    assert description.raw_description.workflow_execution_info.priority.priority_key == 2
    assert json.loads(rows[0]["result"]) == {"jobId": good, "type": "transcribe", "text": "hello world"}
    assert [row["status"] for row in rows] == ["complete", "failed", "failed"]
    assert rows[1]["error"] == "The job failed with Silent: There is nothing to hear."
    assert rows[2]["error"] == "The metadata of this transcribe job is invalid: Input should be an object."


async def test_bridges_of_two_tables_share_a_queue(temporal_server: TemporalServer, sqld_url: str, app: WebApp) -> None:
    """A bridge cancels the workflows of its own table whose rows are gone, and no other."""
    queue = f"shared-{uuid.uuid4()}"
    client = await Client.connect(temporal_server.address)
    options = BridgeOptions(task_queue=queue, idle_interval=0.1, orphans_interval=0.1, orphans_patience=0.5)
    async with Bridge.open(sqld_url, client, options) as bridge:
        ours = await app.table_id()
        others = [
            await _start(client, queue, "0123456789ab"),
            await _start(client, queue, queue, f"audioprep-{uuid.uuid4()}"),  # from before tables had identities
            await _start(client, queue, ours, f"audioprep-{ours}-playlist/1"),
        ]
        serving = asyncio.create_task(bridge.run())
        orphan = await _start(client, queue, ours)
        await eventually(lambda: _cancel_requested(client, orphan), what="the cancel of our own orphan")
        bridge.stop()
        await serving

    assert not any([await _cancel_requested(client, workflow_id) for workflow_id in others])


async def test_unknown_statuses_in_running_rows_free_their_slots(
    temporal_server: TemporalServer, sqld_url: str, app: WebApp
) -> None:
    """Another program's words stay in the rows; when the workflows end, nothing is in flight and the next job runs."""
    queue, client = f"words-{uuid.uuid4()}", await Client.connect(temporal_server.address)
    words = ("canceled", "CANCELLED", "paused", "error")
    async with (
        serving(sqld_url, client, queue, max_in_flight=len(words)) as bridge,
        carriers(temporal_server.address, queue),
    ):
        running = {await app.submit(ROUTED, {"waits": True}): word for word in words}
        for job_id, word in running.items():
            await app.until(job_id, "processing")
            await eventually(lambda job_id=job_id: _is_open(client, app, job_id), what="its workflow")
            await app.sql("UPDATE audio_prep_jobs SET status = ? WHERE jobId = ?", word, job_id)
        waiting = await app.submit(ROUTED, {})
        for job_id in running:
            await client.get_workflow_handle(await app.workflow_id(job_id)).signal("end")

        assert (await app.finished(waiting))["status"] == "complete"
        await eventually(lambda: _none_in_flight(bridge), what="no job in flight")
        assert {job_id: (await app.row(job_id))["status"] for job_id in running} == running


async def test_cancels_without_a_worker_cost_less_and_less(
    temporal_server: TemporalServer, sqld_url: str, app: WebApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is asked for at once, then after 4 seconds, then after 8; a worker that comes carries them out."""
    jobs, queue, client = 30, f"limbo-{uuid.uuid4()}", await Client.connect(temporal_server.address)
    asked = _record_cancels(monkeypatch)
    async with serving(sqld_url, client, queue, max_in_flight=jobs):
        job_ids = [await app.submit(ROUTED, {"waits": True}) for _ in range(jobs)]
        for job_id in job_ids:
            await eventually(lambda job_id=job_id: _is_open(client, app, job_id), what="its workflow")
        with capture_logs() as lines:
            await app.sql("UPDATE audio_prep_jobs SET status = 'cancelled', updatedAt = ?", now())
            await eventually(lambda: _count(asked, 2 * jobs), what="a second request for each")
        async with carriers(temporal_server.address, queue):
            for job_id in job_ids:
                await app.acknowledged(job_id)

    assert all(second - first > 3.5 for first, second, *_ in asked.values())
    assert len(lines) <= 3 * jobs


def _record_cancels(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[float]]:
    """When each job's workflow was asked to cancel, in seconds of the monotonic clock."""
    asked: dict[str, list[float]] = {}
    cancel = Executions.cancel

    async def recorded(self: Executions, job_id: str) -> None:
        asked.setdefault(job_id, []).append(time.monotonic())
        await cancel(self, job_id)

    monkeypatch.setattr(Executions, "cancel", recorded)
    return asked


async def _count(asked: dict[str, list[float]], least: int) -> bool:
    return sum(map(len, asked.values())) >= least


async def _is_open(client: Client, app: WebApp, job_id: str) -> bool:
    try:
        description = await client.get_workflow_handle(await app.workflow_id(job_id)).describe()
    except RPCError:
        return False
    return description.status is WorkflowExecutionStatus.RUNNING


async def _none_in_flight(bridge: Bridge) -> bool:
    return b"\naudioprep_jobs_in_flight 0.0\n" in await bridge.metrics()


async def _start(client: Client, queue: str, home: str, workflow_id: str = "") -> str:
    """A workflow without a row, of the table `home`; no worker works on it."""
    job_id = str(uuid.uuid4())
    workflow_id = workflow_id or f"audioprep-{home}-{job_id}"
    memo = {"jobId": job_id, "type": "transcribe", "home": home}
    await client.start_workflow("Anything", id=workflow_id, task_queue=queue, memo=memo)
    return workflow_id


async def _cancel_requested(client: Client, workflow_id: str) -> bool:
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    return any(event.HasField("workflow_execution_cancel_requested_event_attributes") for event in history.events)


async def _at(app: WebApp, job_id: str, progress: float) -> dict[str, Any] | None:
    row = await app.row(job_id)
    return row if row["progress"] == progress else None
