"""What Temporal knows of workflows that do not move, and of other tables' workflows on the queue."""

import uuid
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import Priority
from temporalio.worker import Worker

from audioprep.bridge.temporal.inspection import Inspection, other_homes
from audioprep.bridge.temporal.reading import Reader
from audioprep.bridge.temporal.workflow_tasks import STUCK_ATTEMPTS, StuckTask, stuck_task_attempts
from audioprep.bridge.views import Failed
from audioprep.jobs.request import workflow_id_for
from tests.support.waiting import eventually


@workflow.defn(sandboxed=False)
class Broken:
    """A fault of the worker's code fails the task, not the workflow."""

    @workflow.run
    async def run(self) -> None:
        raise RuntimeError("a fault of the worker")


@workflow.defn(sandboxed=False)
class Refused:
    """Temporal takes fairness keys up to 64 bytes."""

    @workflow.run
    async def run(self) -> None:
        priority = Priority(fairness_key="x" * 65)
        await workflow.execute_activity("any", start_to_close_timeout=timedelta(seconds=1), priority=priority)


TABLE = "0123456789ab"


@pytest.fixture
def task_queue() -> str:
    return f"test-{uuid.uuid4()}"


async def test_a_task_that_fails_again_has_its_cause(temporal: Client, task_queue: str) -> None:
    inspection = Inspection(temporal, task_queue, TABLE)
    jobs = {each: str(uuid.uuid4()) for each in (Broken, Refused)}

    async def stuck(job_id: str) -> StuckTask | None:
        execution = await inspection.execution(job_id)
        return execution.stuck if execution else None

    async with Worker(temporal, task_queue=task_queue, workflows=list(jobs)):
        for each, job_id in jobs.items():
            await temporal.start_workflow(each.run, id=workflow_id_for(job_id, TABLE), task_queue=task_queue)
        found = {each: await eventually(lambda job_id=job_id: stuck(job_id)) for each, job_id in jobs.items()}

    assert found[Broken].cause == "WORKFLOW_WORKER_UNHANDLED_FAILURE"
    assert found[Broken].message == "a fault of the worker"
    assert found[Refused].cause == "BAD_SCHEDULE_ACTIVITY_ATTRIBUTES"
    assert "fairness key" in found[Refused].message
    assert all(task.attempts >= STUCK_ATTEMPTS for task in found.values())


async def test_a_task_that_waits_for_a_worker_is_not_stuck(temporal: Client, task_queue: str) -> None:
    job_id = str(uuid.uuid4())
    handle = await temporal.start_workflow("any", id=workflow_id_for(job_id, TABLE), task_queue=task_queue)

    execution = await Inspection(temporal, task_queue, TABLE).execution(job_id)

    assert stuck_task_attempts(await handle.describe()) == 0
    assert execution is not None
    assert execution.stuck is None


async def test_other_tables_are_known_by_their_homes(temporal: Client, task_queue: str) -> None:
    for memo in ({"home": "mine"}, {"home": "theirs"}, {"home": "a third"}, {}):
        await temporal.start_workflow("any", id=str(uuid.uuid4()), task_queue=task_queue, memo=memo)

    async def found() -> bool:
        return await other_homes(temporal, task_queue, "mine") == ["a third", "theirs"]

    await eventually(found, what="both homes in the visibility store")
    assert await other_homes(temporal, f"{task_queue}-2", "mine") == []


async def test_an_end_without_any_worker_says_so(temporal: Client, task_queue: str) -> None:
    limit = timedelta(seconds=1)
    handle = await temporal.start_workflow("any", id=task_queue, task_queue=task_queue, execution_timeout=limit)

    with pytest.raises(WorkflowFailureError) as ended:
        await handle.result()
    view = await Reader(temporal.data_converter).failed(ended.value, await handle.describe())

    assert isinstance(view, Failed)
    assert view.error == "No worker was there to take the job."
