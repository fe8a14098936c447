"""Workflow interceptor: every activity of a job is told the storage prefix of its request."""

from typing import Any

from temporalio import workflow
from temporalio.worker import (
    ExecuteWorkflowInput,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowOutboundInterceptor,
)

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.attempt.storage_prefix import HEADER
    from audioprep.jobs.request import JobRequest


class StoragePrefixInterceptor(WorkflowInboundInterceptor):
    """One for each run of a workflow. A workflow without a request, or whose request has no prefix, sends no header."""

    prefix = ""

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound, self))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
        request = input.args[0] if input.args else None
        if isinstance(request, JobRequest):
            self.prefix = request.storage_prefix
        return await super().execute_workflow(input)


class _Outbound(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, inbound: StoragePrefixInterceptor) -> None:  # noqa: A002
        super().__init__(next)
        self._inbound = inbound

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        if self._inbound.prefix:
            header = workflow.payload_converter().to_payload(self._inbound.prefix)
            input.headers = {**input.headers, HEADER: header}
        return super().start_activity(input)
