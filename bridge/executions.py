"""The Temporal side of the bridge: workflow executions by job id, spoken to by name only."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from audioprep.bridge.errand import Errand
from audioprep.bridge.failures import view_of_failure
from audioprep.bridge.temporal_errors import TemporalUnavailable, temporal_errors
from audioprep.bridge.views import Closed, Completed, Missing, Running, WorkflowView
from audioprep.jobs.details import details_of
from audioprep.jobs.progress import MEMO_HOME, MEMO_JOB_ID, MEMO_PROGRESS, MEMO_STAGE, MEMO_TYPE, StepProgress
from audioprep.jobs.request import workflow_id_for

CALL_TIMEOUT = timedelta(seconds=10)
BACKSTOP = timedelta(hours=1)  # how long a started job may wait for a worker, on top of its own time
_FRESH = 2.0  # seconds for which an answer of Temporal's proves that it is there

_CLOSING_EVENTS = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    }
)


class Executions:
    """Start, look at, cancel and follow the workflow of a job. Raises TemporalUnavailable.

    `task_queue` is the bridge's own, `others` are those of job types that have their own.
    """

    def __init__(self, client: Client, task_queue: str, others: Collection[str] = ()) -> None:
        self._client = client
        self._task_queue = task_queue
        self._queues = (task_queue, *sorted(set(others) - {task_queue}))
        self._answered = float("-inf")

    async def check(self) -> None:
        """Raises TemporalUnavailable when it cannot be reached or does not know our namespace.

        Nothing is asked while its last answer, to whatever question, is fresh.
        """
        if time.monotonic() - self._answered < _FRESH:
            return
        request = DescribeNamespaceRequest(namespace=self._client.namespace)
        with self._asking():
            await self._client.workflow_service.describe_namespace(request, timeout=CALL_TIMEOUT)

    async def start(self, errand: Errand) -> None:
        """Start the job's workflow. One that runs already, or has run, is left as it is: a job runs once."""
        request = errand.request
        with self._asking(), suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                errand.workflow,
                # As plain JSON, whatever data converter the client has.
                request.model_dump(mode="json"),
                id=workflow_id_for(request.job_id),
                task_queue=errand.task_queue or self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                execution_timeout=timedelta(seconds=request.timeout_seconds) + BACKSTOP,
                memo={MEMO_JOB_ID: request.job_id, MEMO_TYPE: request.type, MEMO_HOME: self._task_queue},
                static_summary=errand.summary,
                static_details=details_of(request),
                priority=Priority(priority_key=errand.priority),
                rpc_timeout=CALL_TIMEOUT,
            )

    async def cancel(self, job_id: str) -> None:
        """Ask the workflow to cancel. One that is gone meanwhile needs nothing more."""
        with self._asking():
            try:
                await self._handle(job_id).cancel(rpc_timeout=CALL_TIMEOUT)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise

    async def open_jobs(self) -> AsyncIterator[str]:
        """The ids of all jobs of ours whose workflow is open, as far as the visibility store knows yet."""
        queues = ", ".join(f"'{queue}'" for queue in self._queues)
        query = f"TaskQueue IN ({queues}) AND ExecutionStatus = 'Running'"
        with self._asking():
            executions = [run async for run in self._client.list_workflows(query, rpc_timeout=CALL_TIMEOUT)]
        for execution in executions:
            memo = await execution.memo()
            job_id = memo.get(MEMO_JOB_ID)
            # Without our memo, or under another id, it is a child of a job's workflow or somebody else's. A bridge of
            # another table may share a task queue with us, but not its own.
            home = memo.get(MEMO_HOME, execution.task_queue)
            if isinstance(job_id, str) and execution.id == workflow_id_for(job_id) and home == self._task_queue:
                yield job_id

    async def view(self, job_id: str) -> WorkflowView:
        """What the workflow is doing, or how it ended."""
        description = await self._describe(job_id)
        if description is None:
            return Missing()
        if description.status is WorkflowExecutionStatus.RUNNING:
            return await self._running(description)
        try:
            with self._asking():
                result = await self._handle(job_id).result(rpc_timeout=CALL_TIMEOUT)
        except WorkflowFailureError as failure:
            return replace(view_of_failure(failure), since=description.close_time)
        return _completed(result, description.close_time)

    async def follow(self, job_id: str, pause: Callable[[], float]) -> AsyncIterator[Running | Closed | None]:
        """Each stage of the workflow in order, from its first, as it comes; at last how it closed.

        None where its history does not say that in so many words. `pause` tells the seconds to wait before each
        request, so that a caller who follows many can bound their rate: what happens meanwhile comes in one answer.
        """
        pages = self._handle(job_id).fetch_history_events(wait_new_event=True)
        while True:
            await asyncio.sleep(pause())
            with self._asking():
                await pages.fetch_next_page()
            for event in pages.current_page or ():
                if event.event_type in _CLOSING_EVENTS:
                    yield await self._end(event)
                    return
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
                    memo = event.workflow_properties_modified_event_attributes.upserted_memo.fields
                    if MEMO_STAGE in memo:
                        yield replace(await self._from_memo(memo), since=_time(event.event_time))
            if pages.next_page_token is None:
                yield None
                return

    async def _end(self, event: HistoryEvent) -> Closed | None:
        """The two ends that most jobs come to; the others, and runs that went on under another id, need a look."""
        converter = self._client.data_converter
        since = _time(event.event_time)
        if event.HasField("workflow_execution_completed_event_attributes"):
            completed = event.workflow_execution_completed_event_attributes
            if not completed.new_execution_run_id:
                values = await converter.decode_wrapper(completed.result)
                return _completed(values[0] if values else None, since)
        if event.HasField("workflow_execution_failed_event_attributes"):
            failed = event.workflow_execution_failed_event_attributes
            if not failed.new_execution_run_id:
                failure = WorkflowFailureError(cause=await converter.decode_failure(failed.failure))
                return replace(view_of_failure(failure), since=since)
        return None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Ask Temporal, and remember when it last answered."""
        try:
            with temporal_errors():
                yield
        except TemporalUnavailable:
            self._answered = float("-inf")
            raise
        else:
            self._answered = time.monotonic()

    def _handle(self, job_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(workflow_id_for(job_id))

    async def _describe(self, job_id: str) -> WorkflowExecutionDescription | None:
        with self._asking():
            try:
                return await self._handle(job_id).describe(rpc_timeout=CALL_TIMEOUT)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                raise

    async def _running(self, description: WorkflowExecutionDescription) -> Running:
        seen = await self._from_memo(description.raw_description.workflow_execution_info.memo.fields)
        for pending in description.raw_description.pending_activities:
            said = await self._from_heartbeat(pending.heartbeat_details.payloads)
            stage, progress = (said.stage or seen.stage, said.progress) if said else (seen.stage, seen.progress)
            said_at = _time(pending.last_heartbeat_time) if said else None
            return Running(stage, progress, max(pending.attempt - 1, 0), said_at)
        return seen

    async def _from_heartbeat(self, details: Sequence[Payload]) -> StepProgress | None:
        """None without details, and for those of a worker not of ours that says something else in them."""
        try:
            return StepProgress.model_validate(await self._decode(details[0])) if details else None
        except ValidationError:
            return None

    async def _from_memo(self, memo: Mapping[str, Payload]) -> Running:
        stage = await self._decode(memo[MEMO_STAGE]) if MEMO_STAGE in memo else None
        progress = await self._decode(memo[MEMO_PROGRESS]) if MEMO_PROGRESS in memo else 0.0
        return Running(
            stage if isinstance(stage, str) else None,
            float(progress) if isinstance(progress, int | float) and 0 <= progress <= 100 else 0.0,
        )

    async def _decode(self, payload: Payload) -> Any:
        return (await self._client.data_converter.decode([payload]))[0]


def _completed(result: object, since: datetime | None) -> Completed:
    return Completed(json.dumps(result, ensure_ascii=False), since)


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
