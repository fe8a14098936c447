"""Workflows that deliver webhooks of one table: start, start again, list those that failed."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from audioprep.bridge.temporal.errors import temporal_errors
from audioprep.bridge.temporal.gate import CALL_TIMEOUT
from audioprep.jobs.progress import MEMO_HOME, MEMO_JOB_ID
from audioprep.jobs.request import WEBHOOK_ID_PREFIX
from audioprep.jobs.text.details import summary_of
from audioprep.jobs.text.wording import inline_code
from audioprep.jobs.webhooks.event import GIVE_UP_AFTER, WEBHOOK_WORKFLOW, WebhookDelivery

_MEMO_EVENT: Final = "event"
_CALLS: Final = 5  # requests under way: ends of jobs come in bursts
_BACKSTOP: Final = 2 * GIVE_UP_AFTER  # the workflow ends by itself, unless no worker ever runs it


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """A delivery as Temporal's visibility store knows it."""

    job_id: str
    event: str
    status: str
    started: datetime
    closed: datetime | None


class Deliveries:
    """Raises TemporalUnavailable, and TemporalRefused for a delivery that Temporal will never take."""

    def __init__(self, client: Client, task_queue: str, table_id: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._table_id = table_id
        self._free = asyncio.Semaphore(_CALLS)

    async def start(self, delivery: WebhookDelivery) -> None:
        """Start the delivery. One that runs already, or has run, is left as it is."""
        with suppress(WorkflowAlreadyStartedError):
            await self._start(delivery, WorkflowIDReusePolicy.REJECT_DUPLICATE)

    async def start_again(self, delivery: WebhookDelivery) -> bool:
        """Deliver once more, with the same webhook id; False while a delivery of it is under way."""
        try:
            await self._start(delivery, WorkflowIDReusePolicy.ALLOW_DUPLICATE)
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def unfinished(self, limit: int, *, failed: bool) -> list[DeliveryState]:
        """The newest deliveries that failed, or those under way."""
        status = "ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')" if failed else "ExecutionStatus = 'Running'"
        prefix = f"{WEBHOOK_ID_PREFIX}{self._table_id}-"
        query = f"WorkflowId STARTS_WITH '{prefix}' AND {status}"
        found = []
        with temporal_errors():
            async for run in self._client.list_workflows(query, limit=limit, rpc_timeout=CALL_TIMEOUT):
                memo = await run.memo()
                job_id, event = str(memo.get(MEMO_JOB_ID, "")), str(memo.get(_MEMO_EVENT, ""))
                name = (run.status or WorkflowExecutionStatus.RUNNING).name.lower()
                found.append(DeliveryState(job_id, event, name, run.start_time, run.close_time))
        return found

    async def _start(self, delivery: WebhookDelivery, reuse: WorkflowIDReusePolicy) -> None:
        async with self._free:
            with temporal_errors():
                await self._client.start_workflow(
                    WEBHOOK_WORKFLOW,
                    delivery.model_dump(mode="json"),
                    id=delivery.workflow_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=reuse,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    execution_timeout=_BACKSTOP,
                    memo={
                        MEMO_JOB_ID: delivery.job_id,
                        _MEMO_EVENT: str(delivery.type),
                        MEMO_HOME: delivery.table_id,
                    },
                    static_summary=summary_of(delivery.type, delivery.job_id),
                    static_details=f"Webhook `{delivery.webhook_id}` of job {inline_code(delivery.job_id)}.",
                    rpc_timeout=CALL_TIMEOUT,
                )
