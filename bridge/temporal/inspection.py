"""Inspection of workflows and workers, for a person who asks."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from audioprep.bridge.temporal.errors import temporal_errors
from audioprep.bridge.temporal.gate import CALL_TIMEOUT
from audioprep.bridge.temporal.workflow_tasks import StuckTask, last_task_failure, stuck_task_attempts
from audioprep.jobs.progress import MEMO_HOME
from audioprep.jobs.request import workflow_id_for
from audioprep.jobs.text.redaction import sentence_of
from audioprep.jobs.text.wording import plain_text

WORKER_SEEN_WITHIN: Final = timedelta(minutes=2)  # a poll for work lasts a minute, and is seen when it begins


async def live_workers(client: Client, task_queue: str) -> tuple[str, ...]:
    """Identities of workers that have lately asked for workflow tasks: for the gauge of workers, and for `doctor`.

    They ask for workflow tasks also while all their activity slots are taken. Raises TemporalUnavailable.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    with temporal_errors():
        answer = await client.workflow_service.describe_task_queue(request, timeout=CALL_TIMEOUT)
    since = datetime.now(UTC) - WORKER_SEEN_WITHIN
    return tuple(sorted({each.identity for each in answer.pollers if moment_of(each.last_access_time) >= since}))


_LAST_EVENTS: Final = 20
_LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class PendingStep:
    """The activity under way. `attempt` counts from 1; `failure` is the reason of the last one that failed."""

    name: str
    attempt: int
    max_attempts: int
    running: bool
    last_heartbeat: datetime | None
    failure: str | None
    worker: str


@dataclass(frozen=True, slots=True)
class Execution:
    """A workflow's state in Temporal's own word, when it began and ended, and its steps under way.

    `stuck` is its workflow task when that fails again and again.
    """

    status: str
    started: datetime
    closed: datetime | None
    steps: tuple[PendingStep, ...]
    stuck: StuckTask | None = None


class Inspection:
    """Reads only. Raises TemporalUnavailable."""

    def __init__(self, client: Client, task_queue: str, table_id: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._table_id = table_id

    async def execution(self, job_id: str) -> Execution | None:
        """None when Temporal knows no workflow of this job."""
        with temporal_errors():
            try:
                seen = await self._client.get_workflow_handle(workflow_id_for(job_id, self._table_id)).describe(
                    rpc_timeout=CALL_TIMEOUT
                )
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                raise
            pending = seen.raw_description.pending_activities
            return Execution(
                status=seen.status.name.lower() if seen.status else "unknown",
                started=seen.start_time,
                closed=seen.close_time,
                steps=tuple([await self._step(activity) for activity in pending]),
                stuck=await self._stuck(seen),
            )

    async def history(self, job_id: str) -> WorkflowHistory | None:
        """Everything that happened to the job's workflow; None when Temporal knows none."""
        with temporal_errors():
            try:
                return await self._client.get_workflow_handle(workflow_id_for(job_id, self._table_id)).fetch_history(
                    rpc_timeout=CALL_TIMEOUT
                )
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                raise

    async def workers(self) -> tuple[str, ...]:
        """Identities of the workers of our task queue."""
        return await live_workers(self._client, self._task_queue)

    async def _stuck(self, seen: WorkflowExecutionDescription) -> StuckTask | None:
        """Why, is in the last page of the history; more of it is not asked for."""
        attempts = stuck_task_attempts(seen)
        if not attempts:
            return None
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=self._client.namespace,
            execution=WorkflowExecution(workflow_id=seen.id, run_id=seen.run_id),
            maximum_page_size=_LAST_EVENTS,
        )
        service = self._client.workflow_service
        answer = await service.get_workflow_execution_history_reverse(request, timeout=CALL_TIMEOUT)
        found = last_task_failure(answer.history.events)
        return StuckTask(attempts, found[0], await self.sentence(found[1])) if found else StuckTask(attempts)

    async def summary(self, event: HistoryEvent) -> str:
        """What we named the event for people, its Markdown read; empty when it has no name."""
        if not event.user_metadata.HasField("summary"):
            return ""
        decoded = await self._client.data_converter.decode([event.user_metadata.summary], [str])
        return plain_text(str(decoded[0]))

    async def sentence(self, failure: Failure) -> str:
        """A failure's innermost reason, in one line without secrets."""
        while failure.HasField("cause"):
            failure = failure.cause
        try:
            error = await self._client.data_converter.decode_failure(failure)
        except (ValueError, LookupError):  # encrypted with a key that is not here
            return sentence_of(failure.message)
        return sentence_of(getattr(error, "message", "") or str(error) or type(error).__name__)

    async def _step(self, pending: PendingActivityInfo) -> PendingStep:
        beat = pending.last_heartbeat_time
        return PendingStep(
            name=pending.activity_type.name.removeprefix("audioprep."),
            attempt=pending.attempt,
            max_attempts=pending.maximum_attempts,
            running=pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED,
            last_heartbeat=moment_of(beat) if beat.seconds else None,
            failure=await self.sentence(pending.last_failure) if pending.HasField("last_failure") else None,
            worker=pending.last_worker_identity,
        )


async def other_homes(client: Client, task_queue: str, own_home: str) -> list[str]:
    """Homes other than `own_home` in the memos of workflows that run on the queue: other tables, served here too.

    Bounded: the newest 100 of the visibility store. Memos that cannot be read, or have no home, do not count.
    """
    query = f"TaskQueue = '{task_queue}' AND ExecutionStatus = 'Running'"
    homes: set[str] = set()
    with temporal_errors():
        async for execution in client.list_workflows(query, limit=_LISTED, page_size=_LISTED, rpc_timeout=CALL_TIMEOUT):
            with suppress(ValueError, LookupError):
                homes.add(str((await execution.memo()).get(MEMO_HOME, own_home)))
    return sorted(homes - {own_home})


def moment_of(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
