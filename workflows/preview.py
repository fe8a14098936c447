"""`preview` (alias `edit`): a recipe as MP3, rendered once."""

import asyncio
import hashlib
from datetime import timedelta

from temporalio import workflow

from audioprep.workflows.lock import acquire, release
from audioprep.workflows.steps import Steps, open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.preview import PreviewActivities, PreviewInput
    from audioprep.jobs.registry import PREVIEW
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import Stage
    from audioprep.jobs.types.preview import PreviewPayload, PreviewResult, digest_of

_FIRST_POLL, _LAST_POLL = 0.25, 2.0  # seconds between two polls for a preview that another job renders
_BY_RECIPE = "preview-by-recipe"  # before this patch a preview was known by its key alone


@workflow.defn(name=PREVIEW.workflow)
class PreviewWorkflow:
    """Check for the preview, lock its recipe, check again, render. Without the lock: poll with back-off.

    The second check is for a render that ended between the first one and the lock. If the job that renders is cancelled
    or fails, its lock is released and the next job acquires it: no job waits for a result that will not come.

    Another recipe under the same hash has a lock of its own. Each renders, checks that what is stored is its own, and
    renders again if not; the later one stays.
    """

    @workflow.run
    async def run(self, request: JobRequest[PreviewPayload]) -> PreviewResult:
        async with open_steps(request) as steps:
            input = PreviewInput.of(steps.payload)
            by_recipe = workflow.patched(_BY_RECIPE)
            lock = lock_name(input, request.table_id) if by_recipe else f"audioprep.turn/{input.key}"
            wanted = input if by_recipe else input.key
            limit = timedelta(seconds=request.timeout_seconds)
            pause = _FIRST_POLL
            while not await _is_there(steps, wanted, input.key):
                if await _render_locked(steps, input, wanted, lock, limit):
                    break
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LAST_POLL)
        return PreviewResult(preview_key=input.key)


def lock_name(input: PreviewInput, table_id: str) -> str:
    """The workflow id of the lock for one sound under one key of one table's jobs.

    A digest, since ids are never encrypted; and no job can hold it but for the very recipe that it renders.
    """
    name = "\n".join(part for part in (table_id, input.key, digest_of(input.recipe)) if part)
    return f"audioprep.turn/{hashlib.sha256(name.encode()).hexdigest()}"


async def _is_there(steps: Steps[PreviewPayload], wanted: PreviewInput | str, key: str) -> bool:
    return await steps.run(PreviewActivities.find_preview, wanted, stage=Stage.QUEUED, summary=f"is {key} there?")


async def _render_locked(
    steps: Steps[PreviewPayload], input: PreviewInput, wanted: PreviewInput | str, name: str, limit: timedelta
) -> bool:
    """Render, unless another job is at it: then False."""
    lock = await acquire(name, limit, "lock: one render of a preview at a time")
    if lock is None:
        return False
    if not await _is_there(steps, wanted, input.key):
        await steps.run(PreviewActivities.render_preview, input, stage=Stage.DOWNLOADING, summary=steps.payload.summary)
    await release(lock)
    return True
