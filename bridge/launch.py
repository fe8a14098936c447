"""From a claimed row to a started workflow."""

from typing import Any

from audioprep.bridge.errand import Errand
from audioprep.bridge.executions import Executions
from audioprep.bridge.terms import TermsByType
from audioprep.jobs.details import summary_of
from audioprep.jobs.job import Job
from audioprep.jobs.registry import JobTypes
from audioprep.jobs.request import JobRequest


class Launcher:
    """Starts workflows by name; the row's metadata is checked here, so that no worker sees a bad one."""

    def __init__(self, executions: Executions, types: JobTypes, terms: TermsByType) -> None:
        self._executions = executions
        self._types = types
        self._terms = terms

    async def start(self, job: Job) -> None:
        """Raises PermanentError when the row's type is unknown or its metadata is invalid."""
        kind = self._types.find(job.type)
        payload = kind.parse(job.metadata)
        await self._executions.start(
            Errand(
                workflow=kind.workflow,
                request=self._request(job, payload),
                summary=summary_of(kind.name, payload.summary),
                task_queue=kind.task_queue,
                priority=payload.priority,
            )
        )

    async def take_id(self, job: Job) -> None:
        """Start the workflow already cancelled. Raises PermanentError when no workflow could ever run this row."""
        kind = self._types.find(job.type)
        request: JobRequest[Any] = self._request(job, None).model_copy(update={"cancelled": True})
        summary = summary_of(kind.name, "cancelled before it began")
        await self._executions.start(Errand(kind.workflow, request, summary, kind.task_queue))

    def _request(self, job: Job, payload: object) -> JobRequest[Any]:
        terms = self._terms.of(job.type)
        return JobRequest(
            job_id=job.job_id,
            type=job.type,
            payload=payload,
            timeout_seconds=terms.timeout.total_seconds(),
            max_attempts=terms.max_attempts,
            first_delay_seconds=terms.first_delay.total_seconds(),
            last_delay_seconds=terms.last_delay.total_seconds(),
        )
