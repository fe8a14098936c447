"""Start of a workflow for a claimed row: metadata validated, request made."""

import asyncio
from typing import Any, Final

from audioprep.bridge.limits import LimitsByType
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.executions import Executions, StartRequest
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.job import Job
from audioprep.jobs.payload import Payload
from audioprep.jobs.registry import METADATA_TOO_LARGE, JobType, JobTypes
from audioprep.jobs.request import JobRequest
from audioprep.jobs.text.details import summary_of
from audioprep.jobs.text.hosts import fairness_key_of

_SMALL: Final = 20_000  # characters of metadata that are parsed at once; more would hold up the other jobs


class Launcher:
    """Starts workflows by name; the row's metadata is checked here, so that no worker sees a bad one."""

    def __init__(
        self,
        store: JobStore,
        executions: Executions,
        types: JobTypes,
        limits: LimitsByType,
        table_id: str,
        *,
        fairness: bool = False,
        storage_prefix: str = "",
    ) -> None:
        """With `fairness`, steps carry the job's tenant, or else its table, as fairness key.

        `storage_prefix` is where the files of the table's jobs are.
        """
        self._store = store
        self._executions = executions
        self.table_id = table_id
        self._types = types
        self._limits = limits
        self._fairness = fairness
        self._storage_prefix = storage_prefix

    async def start(self, job: Job) -> None:
        """Raises PermanentError if the row's type is unknown, its metadata is invalid, or Temporal will not take it."""
        kind = self._types.find(job.type)
        metadata = await self._store.metadata(job.job_id) if job.metadata is None else job.metadata
        if metadata is None:
            raise PermanentError(ErrorKind.INVALID_PAYLOAD, METADATA_TOO_LARGE)
        payload = await _parsed(kind, metadata)
        await self._executions.start(
            StartRequest(
                workflow=kind.workflow,
                request=self._request(job, payload),
                summary=summary_of(kind.name, payload.summary),
                task_queue=kind.task_queue,
                priority=payload.priority,
                fairness_key=fairness_key_of(payload.tenant or self.table_id) if self._fairness else None,
            )
        )

    async def take_id(self, job: Job) -> None:
        """Start the workflow already cancelled. Raises PermanentError when no workflow could ever run this row."""
        kind = self._types.find(job.type)
        request: JobRequest[Any] = self._request(job, None).model_copy(update={"cancelled": True})
        summary = summary_of(kind.name, "cancelled before it began")
        await self._executions.start(StartRequest(kind.workflow, request, summary, kind.task_queue))

    def _request(self, job: Job, payload: object) -> JobRequest[Any]:
        limits = self._limits.of(job.type)
        return JobRequest(
            job_id=job.job_id,
            table_id=self.table_id,
            storage_prefix=self._storage_prefix,
            type=job.type,
            payload=payload,
            timeout_seconds=limits.timeout.total_seconds(),
            max_attempts=limits.max_attempts,
            first_delay_seconds=limits.first_delay.total_seconds(),
            last_delay_seconds=limits.last_delay.total_seconds(),
        )


async def _parsed(kind: JobType, metadata: str) -> Payload:
    if len(metadata) <= _SMALL:
        return kind.parse(metadata)
    return await asyncio.to_thread(kind.parse, metadata)
