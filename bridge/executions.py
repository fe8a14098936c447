"""The Temporal side of the bridge: workflow executions by job id, spoken to by name only."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

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
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from audioprep.bridge.failures import view_of_failure
from audioprep.bridge.views import Closed, Completed, Missing, Running, WorkflowView
from audioprep.jobs.progress import MEMO_JOB_ID, MEMO_PROGRESS, MEMO_STAGE, MEMO_TYPE, StepProgress
from audioprep.jobs.request import JobRequest, workflow_id_for

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


class TemporalUnavailable(Exception):
    """Temporal did not do what was asked: away, overloaded, or refusing us. Back off and ask again."""


class Executions:
    """Start, look at, cancel and follow the workflow of a job. Raises TemporalUnavailable."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
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

    async def start(self, workflow: str, request: JobRequest[Any], summary: str) -> None:
        """Start the job's workflow. One that runs already, or has run, is left as it is: a job runs once."""
        with self._asking(), suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                workflow,
                request,
                id=workflow_id_for(request.job_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                execution_timeout=timedelta(seconds=request.timeout_seconds) + BACKSTOP,
                memo={MEMO_JOB_ID: request.job_id, MEMO_TYPE: request.type},
                static_summary=summary,
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
        """The ids of all jobs whose workflow is open on our task queue, as far as the visibility store knows yet."""
        query = f"TaskQueue = '{self._task_queue}' AND ExecutionStatus = 'Running'"
        with self._asking():
            executions = [run async for run in self._client.list_workflows(query, rpc_timeout=CALL_TIMEOUT)]
        for execution in executions:
            job_id = (await execution.memo()).get(MEMO_JOB_ID)
            # Without our memo, or under another id, it is a child of a job's workflow or somebody else's.
            if isinstance(job_id, str) and execution.id == workflow_id_for(job_id):
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
            return view_of_failure(failure)
        return _completed(result)

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
                        yield await self._from_memo(memo)
            if pages.next_page_token is None:
                yield None
                return

    async def _end(self, event: HistoryEvent) -> Closed | None:
        """The two ends that most jobs come to; the others, and runs that went on under another id, need a look."""
        converter = self._client.data_converter
        if event.HasField("workflow_execution_completed_event_attributes"):
            completed = event.workflow_execution_completed_event_attributes
            if not completed.new_execution_run_id:
                values = await converter.decode_wrapper(completed.result)
                return _completed(values[0] if values else None)
        if event.HasField("workflow_execution_failed_event_attributes"):
            failed = event.workflow_execution_failed_event_attributes
            if not failed.new_execution_run_id:
                return view_of_failure(WorkflowFailureError(cause=await converter.decode_failure(failed.failure)))
        return None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """The SDK's errors as ours: RPCError of a call, RuntimeError of a first call that cannot connect."""
        try:
            yield
        except RPCError as error:
            self._answered = float("-inf")
            raise TemporalUnavailable(f"Temporal answered {error.status.name}: {error.message}") from error
        except RuntimeError as error:
            self._answered = float("-inf")
            raise TemporalUnavailable(f"Temporal cannot be reached: {str(error)[:200]}") from error
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
            said = StepProgress(stage=seen.stage or "", progress=seen.progress)
            if pending.heartbeat_details.payloads:
                said = await self._decode(pending.heartbeat_details.payloads[0], StepProgress)
            return Running(said.stage or None, said.progress, max(pending.attempt - 1, 0))
        return seen

    async def _from_memo(self, memo: Mapping[str, Payload]) -> Running:
        stage = await self._decode(memo[MEMO_STAGE], str) if MEMO_STAGE in memo else None
        progress = await self._decode(memo[MEMO_PROGRESS], float) if MEMO_PROGRESS in memo else 0.0
        return Running(stage, progress)

    async def _decode(self, payload: Payload, hint: type[Any]) -> Any:
        return (await self._client.data_converter.decode([payload], [hint]))[0]


def _completed(result: object) -> Completed:
    return Completed(json.dumps(result, ensure_ascii=False))
