"""Which workers wait for work, as the Temporal server sees it."""

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from tests.support.processes import Program
from tests.support.waiting import eventually


async def until_polling(client: Client, task_queue: str, worker: Program) -> None:
    """Wait until this worker's poll for activities has reached the server."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )

    async def check() -> bool:
        description = await client.workflow_service.describe_task_queue(request)
        return any(poller.identity.startswith(f"{worker.pid}@") for poller in description.pollers)

    await eventually(check, what=f"polls of worker {worker.pid}")
