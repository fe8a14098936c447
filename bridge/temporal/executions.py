"""Workflow executions of one table's jobs: start, describe, cancel, follow, by name only."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
)
from temporalio.common import Priority, RawValue, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from audioprep.bridge.limits import BACKSTOP
from audioprep.bridge.temporal.errors import TemporalRefused, temporal_errors
from audioprep.bridge.temporal.gate import CALL_TIMEOUT, TemporalGate
from audioprep.bridge.temporal.reading import Reader
from audioprep.bridge.views import Completed, Failed, Missing, Running, WorkflowView
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.progress import MEMO_HOME, MEMO_JOB_ID, MEMO_TYPE
from audioprep.jobs.request import JobRequest, is_job_id, workflow_id_for, workflow_ids_of
from audioprep.jobs.text.details import details_of


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A workflow by name, its one argument, and how it shows in Temporal's UI.

    `task_queue` None is the bridge's own, `priority` None is Temporal's middle, `fairness_key` None is none.
    """

    workflow: str
    request: JobRequest[Any]
    summary: str
    task_queue: str | None = None
    priority: int | None = None
    fairness_key: str | None = None


_ALL, _CLOSE = WorkflowHistoryEventFilterType.ALL_EVENT, WorkflowHistoryEventFilterType.CLOSE_EVENT
T = TypeVar("T")


class Executions:
    """Start, look at, cancel and follow the workflow of a job of one table.

    Raises TemporalUnavailable. `gate` is shared by all tables of a bridge.
    """

    def __init__(self, client: Client, task_queue: str, table_id: str, gate: TemporalGate | None = None) -> None:
        self._client = client
        self._reader = Reader(client.data_converter)
        self._task_queue = task_queue
        self._table_id = table_id
        self._gate = gate or TemporalGate(client)
        self._from_before: set[str] = set()  # jobs whose workflow has its id from before tables had identities

    async def check(self) -> None:
        """Raises TemporalUnavailable when Temporal cannot be reached or does not know our namespace."""
        await self._gate.check()

    async def start(self, errand: StartRequest) -> None:
        """Start the job's workflow. One that runs already, or has run, is left as it is: a job runs once.

        Raises PermanentError when Temporal will never take it.
        """
        request = errand.request
        if not is_job_id(request.job_id):
            raise PermanentError(ErrorKind.INVALID_PAYLOAD, "The jobId is too long, empty, or has control characters.")
        try:
            async with self._gate.asking():
                with suppress(WorkflowAlreadyStartedError):
                    await self._start(errand)
        except TemporalRefused as error:
            raise PermanentError(ErrorKind.INVALID_PAYLOAD, f"The job cannot be started: {error}.") from error

    async def _start(self, errand: StartRequest) -> None:
        request = errand.request
        await self._client.start_workflow(
            errand.workflow,
            # As plain JSON, whatever data converter the client has.
            request.model_dump(mode="json"),
            id=request.workflow_id,
            task_queue=errand.task_queue or self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            execution_timeout=timedelta(seconds=request.timeout_seconds) + BACKSTOP,
            memo={MEMO_JOB_ID: request.job_id, MEMO_TYPE: request.type, MEMO_HOME: self._table_id},
            static_summary=errand.summary,
            static_details=details_of(request),
            priority=Priority(priority_key=errand.priority, fairness_key=errand.fairness_key),
            rpc_timeout=CALL_TIMEOUT,
        )

    async def cancel(self, job_id: str) -> None:
        """Ask the workflow to cancel. One that is gone meanwhile needs nothing more."""
        async with self._gate.asking():
            await _unless_gone(self._handle(job_id).cancel(rpc_timeout=CALL_TIMEOUT))

    async def terminate(self, job_id: str, reason: str) -> None:
        """End the workflow without asking its code; its activities are cancelled by their next heartbeat."""
        async with self._gate.asking():
            await _unless_gone(self._handle(job_id).terminate(reason=reason, rpc_timeout=CALL_TIMEOUT))

    async def open_jobs(self) -> AsyncIterator[str]:
        """The ids of all jobs of our table whose workflow is open, as far as the visibility store knows yet."""
        prefix = workflow_ids_of(self._table_id)
        query = f"WorkflowId STARTS_WITH '{prefix}' AND ExecutionStatus = 'Running'"
        async with self._gate.asking():
            executions = [run async for run in self._client.list_workflows(query, rpc_timeout=CALL_TIMEOUT)]
        for execution in executions:
            memo = await execution.memo()
            job_id = memo.get(MEMO_JOB_ID)
            # Without our memo, or under another id, it is a child of a job's workflow.
            named = isinstance(job_id, str) and execution.id == workflow_id_for(job_id, self._table_id)
            if named and memo.get(MEMO_HOME) == self._table_id:
                yield str(job_id)

    async def view(self, job_id: str) -> WorkflowView:
        """What the workflow is doing, or how it ended. An id that no workflow can have has none."""
        description = await self._describe(job_id) if is_job_id(job_id) else None
        if description is None:
            self._from_before.discard(job_id)
            return Missing()
        if description.status is WorkflowExecutionStatus.RUNNING:
            return await self._reader.running(description)
        try:
            async with self._gate.asking():
                result = await self._handle(job_id).result(rpc_timeout=CALL_TIMEOUT)
        except WorkflowFailureError as failure:
            return await self._reader.failed(failure, description)
        return await self._reader.completed(result, description)

    async def follow(self, job_id: str, *, stages: bool) -> AsyncIterator[Running | Completed | Failed | None]:
        """Updates of the workflow as they come, in requests that wait for them: its stages, and that it completed.

        Without `stages` that is one request, but for Temporal's time limit on it. At last None, where the history does
        not say in so many words what became of the job.
        """
        pages = self._handle(job_id).fetch_history_events(
            wait_new_event=True, event_filter_type=_ALL if stages else _CLOSE
        )
        while True:
            with temporal_errors():
                await pages.fetch_next_page()
            for event in pages.current_page or ():
                with temporal_errors():
                    news = await self._reader.news(event)
                if news is not None:
                    yield news
                if isinstance(news, Completed | Failed):
                    return
            if pages.next_page_token is None:
                yield None
                return

    def _handle(self, job_id: str) -> WorkflowHandle[Any, Any]:
        table_id = "" if job_id in self._from_before else self._table_id
        return self._client.get_workflow_handle(workflow_id_for(job_id, table_id), result_type=RawValue)

    async def _describe(self, job_id: str) -> WorkflowExecutionDescription | None:
        found = await self._described(job_id)
        if found is None and job_id not in self._from_before:
            return await self._describe_from_before(job_id)
        return found

    async def _describe_from_before(self, job_id: str) -> WorkflowExecutionDescription | None:
        """A workflow that a bridge started before tables had identities: its home is the task queue."""
        self._from_before.add(job_id)
        found = await self._described(job_id)
        if found is not None and (await found.memo()).get(MEMO_HOME) == self._task_queue:
            return found
        self._from_before.discard(job_id)
        return None

    async def _described(self, job_id: str) -> WorkflowExecutionDescription | None:
        try:
            async with self._gate.asking():
                return await _unless_gone(self._handle(job_id).describe(rpc_timeout=CALL_TIMEOUT))
        except TemporalRefused:
            return None  # no workflow can have such an id


async def _unless_gone(call: Awaitable[T]) -> T | None:
    """What the call returns; None for a workflow that does not exist."""
    try:
        return await call
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
