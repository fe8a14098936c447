"""`ingest`: fetch the source, analyse it, publish the asset."""

from temporalio import workflow

from audioprep.workflows.steps import open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.ingest import FetchSource, IngestActivities, PublishAsset
    from audioprep.jobs.hosts import site_of
    from audioprep.jobs.ingest import IngestPayload, IngestResult
    from audioprep.jobs.keys import asset_id_for
    from audioprep.jobs.registry import INGEST
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import Stage
    from audioprep.jobs.wording import clock


@workflow.defn(name=INGEST.workflow)
class IngestWorkflow:
    """A source becomes an asset; `metadata.json` is written last, so that a half-made asset is never taken for one."""

    @workflow.run
    async def run(self, request: JobRequest[IngestPayload]) -> IngestResult:
        async with open_steps(request) as steps:
            asset_id = asset_id_for(request.job_id, request.table_id, request.part)
            original = await steps.run(
                IngestActivities.fetch_source,
                FetchSource(asset_id=asset_id, source=steps.payload),
                stage=Stage.DOWNLOADING,
                summary=steps.payload.summary,
                site=site_of(steps.payload.url or "") if steps.payload.source_type.is_remote else None,
            )
            analysis = await steps.run(
                IngestActivities.analyze, original, stage=Stage.ANALYZING, summary="duration, peaks, waveform"
            )
            await steps.run(
                IngestActivities.publish_asset,
                PublishAsset(
                    asset_id=asset_id,
                    metadata=analysis,
                    original=original,
                    source=steps.payload,
                    began=workflow.info().start_time,
                ),
                stage=Stage.FINALIZING,
                summary=f"{clock(analysis.duration)} · {analysis.codec}",
            )
        return original.result(analysis)
