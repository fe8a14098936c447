"""Steps of a worker that the SDK gave up are given back, as at a worker's shutdown."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

from audioprep.activities.attempt.interceptor import StepInterceptor
from tests.support.waiting import eventually


@activity.defn
async def endless() -> None:
    await asyncio.Event().wait()


@workflow.defn(sandboxed=False)
class Waits:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(endless, start_to_close_timeout=timedelta(minutes=1))


async def test_a_handed_over_step_uses_no_attempt(temporal: Client) -> None:
    steps = StepInterceptor()
    queue = f"test-{uuid.uuid4()}"
    async with Worker(temporal, task_queue=queue, workflows=[Waits], activities=[endless], interceptors=[steps]):
        handle = await temporal.start_workflow(Waits.run, id=queue, task_queue=queue)

        async def runs() -> bool:
            return bool(steps.running)

        await eventually(runs, what="the step")
        await steps.hand_over(5)
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()

    assert isinstance(ended.value.cause, ActivityError)
    assert isinstance(ended.value.cause.cause, ApplicationError)
    assert ended.value.cause.cause.type == "WorkerShutdown"
    assert ended.value.cause.cause.details[0] == 0
    assert steps.running == set()
