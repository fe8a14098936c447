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
    from audioprep.activities.playlist import FindEntriesInput, PlaylistActivities, part_of
    from audioprep.jobs.registry import INGEST, PLAYLIST
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import JobStatus, Stage
    from audioprep.jobs.text.details import summary_of
    from audioprep.jobs.text.hosts import site_of
    from audioprep.jobs.text.urls import redacted_url
    from audioprep.jobs.text.wording import inline_code, shown
    from audioprep.jobs.types.ingest import IngestPayload, IngestResult, SourceType
    from audioprep.jobs.types.playlist import PlaylistItem, PlaylistOutcome, PlaylistPayload, PlaylistResult

_RETRY: Final = "playlist-retries-what-failed"  # before this patch a retry fetched every entry
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
            found = await _found_before(request, steps, items)
            return PlaylistResult(entries=await _Entries(request, steps, items, found).run())


async def _found_before(
    request: JobRequest[PlaylistPayload], steps: Steps[PlaylistPayload], items: list[PlaylistItem]
) -> dict[str, PlaylistOutcome] | None:
    """The entries, by their URLs, that the job which is retried has completed; None if it is no retry."""
    first = steps.payload.retry_of
    if not first or not request.table_id or not workflow.patched(_RETRY):
        return None
    outcomes = await steps.run(
        PlaylistActivities.find_entries,
        FindEntriesInput(first_job=first, table_id=request.table_id, items=items, numbered=steps.payload.max_entries),
        stage=Stage.EXPANDING,
        summary="entries that are complete",
    )
    return {outcome.url: outcome for outcome in outcomes}


class _Entries:
    """The ingests of one playlist."""

    def __init__(
        self,
        request: JobRequest[PlaylistPayload],
        steps: Steps[PlaylistPayload],
        items: Sequence[PlaylistItem],
        found: dict[str, PlaylistOutcome] | None,
    ) -> None:
        self._found = found
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
        before = (self._found or {}).get(item.url)
        if before is not None:
            self._ended += 1
            return before
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
            retry_of=None if self._found is None else self._steps.payload.retry_of,
            audio_language=self._steps.payload.audio_language,
            rights_attested=self._steps.payload.rights_attested,
            rights_attested_at=self._steps.payload.rights_attested_at,
        )
        request = JobRequest[IngestPayload](
            **self._identity(index),
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

    def _identity(self, index: int) -> dict[str, str]:
        """Whose part an entry is: by its number, and in a retry by its URL, for the list may have changed."""
        if self._found is None:
            return _identity_of(self._request, index + 1)
        url = self._items[index].url
        earlier = sum(item.url == url for item in self._items[:index])
        part = part_of(url) + (f"-{earlier + 1}" if earlier else "")
        return {"job_id": self._request.job_id, "table_id": self._request.table_id, "part": part}

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
