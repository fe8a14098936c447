"""Which workers wait for work, as the Temporal server sees it."""

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from tests.support.processes import Program
from tests.support.waiting import eventually


async def until_polling(client: Client, task_queue: str, worker: Program) -> None:
    """Wait until this worker's poll for activities has reached the server."""

    async def check() -> bool:
        return any(identity.startswith(f"{worker.pid}@") for identity in await pollers_of(client, task_queue))

    await eventually(check, what=f"polls of worker {worker.pid}")


async def pollers_of(client: Client, task_queue: str) -> list[str]:
    """Identities of the workers that asked for activities."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    description = await client.workflow_service.describe_task_queue(request)
    return [poller.identity for poller in description.pollers]
