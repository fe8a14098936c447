"""Who waits for work on our task queue."""

from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from audioprep.bridge.temporal.errors import temporal_errors
from audioprep.bridge.temporal.executions import CALL_TIMEOUT

WORKER_SEEN_WITHIN: Final = timedelta(minutes=2)  # a poll for work lasts a minute, and is seen when it begins


async def count_workers(client: Client, task_queue: str) -> int:
    """Workers that have lately asked for workflow tasks; they do so also while all their slots are taken.

    Raises TemporalUnavailable.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    with temporal_errors():
        answer = await client.workflow_service.describe_task_queue(request, timeout=CALL_TIMEOUT)
    since = datetime.now(UTC) - WORKER_SEEN_WITHIN
    return len({poller.identity for poller in answer.pollers if poller.last_access_time.ToDatetime(UTC) >= since})
