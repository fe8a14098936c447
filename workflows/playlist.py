"""`playlist`: ask the URL what it lists, and run one ingest per entry, a few at a time."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from audioprep.workflows.ingest import IngestWorkflow
from audioprep.workflows.steps import Steps, open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.playlist import PlaylistActivities
    from audioprep.jobs.registry import INGEST, PLAYLIST
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import JobStatus, Stage
    from audioprep.jobs.text.details import summary_of
    from audioprep.jobs.text.hosts import site_of
    from audioprep.jobs.text.urls import redacted_url
    from audioprep.jobs.text.wording import inline_code, shown
    from audioprep.jobs.types.ingest import IngestPayload, IngestResult, SourceType
    from audioprep.jobs.types.playlist import PlaylistItem, PlaylistOutcome, PlaylistPayload, PlaylistResult

PARALLEL: Final = 3  # entries at once, so that one list does not take every slot of the workers


@workflow.defn(name=PLAYLIST.workflow)
class PlaylistWorkflow:
    """An entry that fails does not fail the rest: the result says how each one ended."""

    @workflow.run
    async def run(self, request: JobRequest[PlaylistPayload]) -> PlaylistResult:
        async with open_steps(request) as steps:
            items = await steps.run(
                PlaylistActivities.expand_playlist,
                steps.payload,
                stage=Stage.EXPANDING,
                summary=steps.payload.summary,
                site=site_of(steps.payload.url),
            )
            return PlaylistResult(entries=await _Entries(request, steps, items).run())


class _Entries:
    """The ingests of one playlist."""

    def __init__(
        self, request: JobRequest[PlaylistPayload], steps: Steps[PlaylistPayload], items: Sequence[PlaylistItem]
    ) -> None:
        self._request = request
        self._steps = steps
        self._items = items
        self._free = asyncio.Semaphore(PARALLEL)
        self._ended = 0

    async def run(self) -> tuple[PlaylistOutcome, ...]:
        """How each entry ended, in the list's order. A cancel returns only after every child has closed."""
        self._tell()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._ingest(index, item)) for index, item in enumerate(self._items)]
        return tuple(task.result() for task in tasks)

    async def _ingest(self, index: int, item: PlaylistItem) -> PlaylistOutcome:
        async with self._free:
            try:
                made = await self._child(index, item)
            except FailureError as error:
                status, sentence = _reason(error)
                outcome = PlaylistOutcome(url=item.url, title=item.title, status=status, error=sentence)
            else:
                outcome = PlaylistOutcome(url=item.url, title=item.title, status=JobStatus.COMPLETE, **dict(made))
        self._ended += 1
        self._tell()
        return outcome

    async def _child(self, index: int, item: PlaylistItem) -> IngestResult:
        source = IngestPayload(
            source_type=SourceType.YOUTUBE,
            url=item.url,
            audio_language=self._steps.payload.audio_language,
            rights_attested=self._steps.payload.rights_attested,
            rights_attested_at=self._steps.payload.rights_attested_at,
        )
        request = JobRequest[IngestPayload](
            **_identity_of(self._request, index + 1),
            type=INGEST.name,
            payload=source,
            timeout_seconds=self._steps.remaining.total_seconds(),
            max_attempts=self._request.max_attempts,
            first_delay_seconds=self._request.first_delay_seconds,
            last_delay_seconds=self._request.last_delay_seconds,
        )
        return await workflow.execute_child_workflow(
            IngestWorkflow.run,
            request,
            id=request.workflow_id,
            static_summary=summary_of(f"entry {index + 1}", shown(item.title)),
            static_details=(
                f"Entry {index + 1} of playlist {inline_code(self._request.job_id)}: "
                f"{inline_code(redacted_url(item.url))}"
            ),
            parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
            cancellation_type=ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        )

    def _tell(self) -> None:
        total = len(self._items)
        self._steps.report(Stage.INGESTING, self._ended / total * 100, f"{self._ended} of {total} entries")


def _identity_of(request: JobRequest[Any], number: int) -> dict[str, str]:
    """Whose part an entry is. A playlist from before tables had identities gave its entries job ids with a slash."""
    if not request.table_id:
        return {"job_id": f"{request.job_id}/{number}"}
    return {
        "job_id": request.job_id,
        "table_id": request.table_id,
        "storage_prefix": request.storage_prefix,
        "part": str(number),
    }


def _reason(error: FailureError) -> tuple[JobStatus, str]:
    """How a child ended that did not complete, and the sentence for its entry."""
    if is_cancelled_exception(error):
        return JobStatus.CANCELLED, "The entry was cancelled."
    cause: BaseException = error
    while cause.__cause__ is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    if isinstance(cause, ApplicationError):
        return JobStatus.FAILED, cause.message
    return JobStatus.FAILED, f"The entry failed: {cause}."
