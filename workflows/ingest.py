"""`ingest`: fetch the source, analyse it, publish the asset."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import workflow
from temporalio.exceptions import FailureError

from audioprep.workflows.steps import Steps, open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.ingest import IngestActivities
    from audioprep.activities.ingest_steps import FetchSourceInput, PublishAssetInput
    from audioprep.jobs.keys import asset_id_for
    from audioprep.jobs.registry import INGEST
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import Stage
    from audioprep.jobs.text.hosts import site_of
    from audioprep.jobs.text.wording import format_duration
    from audioprep.jobs.types.ingest import IngestPayload, IngestResult

_RETRY = "ingest-retries-keep-the-asset"  # before this patch each retry made an asset of its own
_DISCARD = "ingest-discards"  # before this patch each attempt removed what it had stored, if it was the last


@workflow.defn(name=INGEST.workflow)
class IngestWorkflow:
    """A source becomes an asset; `metadata.json` is written last, so that a half-made asset is never taken for one."""

    @workflow.run
    async def run(self, request: JobRequest[IngestPayload]) -> IngestResult:
        async with open_steps(request) as steps:
            first = _first_job(steps.payload) or request.job_id
            return await _ingest(asset_id_for(first, request.table_id, request.part), steps)


def _first_job(source: IngestPayload) -> str | None:
    """The job that this one asks for again, whose asset it makes."""
    return source.retry_of if source.retry_of and workflow.patched(_RETRY) else None


async def _ingest(asset_id: str, steps: Steps[IngestPayload]) -> IngestResult:
    source = steps.payload
    async with _discarded_on_failure(asset_id, steps):
        original = await steps.run(
            IngestActivities.fetch_source,
            FetchSourceInput(asset_id=asset_id, source=source),
            stage=Stage.DOWNLOADING,
            summary=source.summary,
            site=site_of(source.url or "") if source.source_type.is_remote else None,
        )
        analysis = await steps.run(
            IngestActivities.analyze, original, stage=Stage.ANALYZING, summary="duration, peaks, waveform"
        )
        await steps.run(
            IngestActivities.publish_asset,
            PublishAssetInput(
                asset_id=asset_id,
                metadata=analysis,
                original=original,
                source=source,
                began=workflow.info().start_time,
            ),
            stage=Stage.FINALIZING,
            summary=f"{format_duration(analysis.duration)} · {analysis.codec}",
        )
    return original.result(analysis)


@asynccontextmanager
async def _discarded_on_failure(asset_id: str, steps: Steps[IngestPayload]) -> AsyncIterator[None]:
    """Remove what was stored when the job fails, is cancelled or out of time, in whatever step or between two."""
    try:
        yield
    except (FailureError, TimeoutError, asyncio.CancelledError):
        if workflow.patched(_DISCARD):
            await steps.clean_up(IngestActivities.discard_asset, asset_id)
        raise
