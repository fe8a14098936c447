"""What Temporal knows of one job beyond the bridge's needs: for a person who asks what is going on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from audioprep.bridge.executions import CALL_TIMEOUT
from audioprep.bridge.temporal_errors import temporal_errors
from audioprep.jobs.redaction import sentence_of
from audioprep.jobs.request import workflow_id_for
from audioprep.jobs.wording import plain_text

_ALIVE: Final = timedelta(seconds=90)  # a poll lasts a minute at most; Temporal lists pollers for five


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
    """A workflow's state in Temporal's own word, when it began and ended, and its steps under way."""

    status: str
    started: datetime
    closed: datetime | None
    steps: tuple[PendingStep, ...]


class Inspection:
    """Reads only. Raises TemporalUnavailable."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def execution(self, job_id: str) -> Execution | None:
        """None when Temporal knows no workflow of this job."""
        with temporal_errors():
            try:
                seen = await self._client.get_workflow_handle(workflow_id_for(job_id)).describe(
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
            )

    async def history(self, job_id: str) -> WorkflowHistory | None:
        """Everything that happened to the job's workflow; None when Temporal knows none."""
        with temporal_errors():
            try:
                return await self._client.get_workflow_handle(workflow_id_for(job_id)).fetch_history(
                    rpc_timeout=CALL_TIMEOUT
                )
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                raise

    async def pollers(self) -> tuple[str, ...]:
        """Who takes steps from our task queue: the identities of workers that asked within the last 90 s."""
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        with temporal_errors():
            answer = await self._client.workflow_service.describe_task_queue(request, timeout=CALL_TIMEOUT)
        oldest = datetime.now(UTC) - _ALIVE
        alive = {poller.identity for poller in answer.pollers if moment_of(poller.last_access_time) > oldest}
        return tuple(sorted(alive))

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
        error = await self._client.data_converter.decode_failure(failure)
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


def moment_of(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
