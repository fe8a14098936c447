"""The Temporal side of the bridge: workflow executions by job id, spoken to by name only."""

import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from audioprep.bridge.errand import Errand
from audioprep.bridge.reading import Reader
from audioprep.bridge.temporal_errors import TemporalUnavailable, temporal_errors
from audioprep.bridge.views import Completed, Missing, Running, WorkflowView
from audioprep.jobs.details import details_of
from audioprep.jobs.progress import MEMO_HOME, MEMO_JOB_ID, MEMO_TYPE
from audioprep.jobs.request import workflow_id_for

CALL_TIMEOUT = timedelta(seconds=10)
BACKSTOP = timedelta(hours=1)  # how long a started job may wait for a worker, on top of its own time
_ALL, _CLOSE = WorkflowHistoryEventFilterType.ALL_EVENT, WorkflowHistoryEventFilterType.CLOSE_EVENT
_FRESH = 2.0  # seconds for which an answer of Temporal's proves that it is there


class Executions:
    """Start, look at, cancel and follow the workflow of a job. Raises TemporalUnavailable.

    `task_queue` is the bridge's own, `others` are those of job types that have their own.
    """

    def __init__(self, client: Client, task_queue: str, others: Collection[str] = ()) -> None:
        self._client = client
        self._reader = Reader(client.data_converter)
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
        with self._asking():
            return await self._view(job_id)

    async def _view(self, job_id: str) -> WorkflowView:
        description = await self._describe(job_id)
        if description is None:
            return Missing()
        if description.status is WorkflowExecutionStatus.RUNNING:
            return await self._reader.running(description)
        try:
            with self._asking():
                result = await self._handle(job_id).result(rpc_timeout=CALL_TIMEOUT)
        except WorkflowFailureError as failure:
            return await self._reader.failed(failure, description)
        return await self._reader.completed(result, description)

    async def follow(self, job_id: str, *, stages: bool) -> AsyncIterator[Running | Completed | None]:
        """News of the workflow as they come, in requests that wait for them: that it completed, before that its stages.

        Without `stages` that is one request, but for Temporal's time limit on it. At last None, where the history does
        not say in so many words what became of the job.
        """
        pages = self._handle(job_id).fetch_history_events(
            wait_new_event=True, event_filter_type=_ALL if stages else _CLOSE
        )
        while True:
            with self._asking():
                await pages.fetch_next_page()
            for event in pages.current_page or ():
                with temporal_errors():
                    news = await self._reader.news(event)
                if news is not None:
                    yield news
                if isinstance(news, Completed):
                    return
            if pages.next_page_token is None:
                yield None
                return

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
