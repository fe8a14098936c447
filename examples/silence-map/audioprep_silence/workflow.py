"""The workflow: one step, with the job's time, attempts, cancel and stages kept by `open_steps`."""

from temporalio import workflow

from audioprep.workflows.steps import open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import Stage
    from audioprep_silence.activities import SilenceActivities
    from audioprep_silence.job import SILENCE_MAP, SilenceMap, SilencePayload


@workflow.defn(name=SILENCE_MAP.workflow)
class SilenceMapWorkflow:
    @workflow.run
    async def run(self, request: JobRequest[SilencePayload]) -> SilenceMap:
        async with open_steps(request) as steps:
            return await steps.run(
                SilenceActivities.listen, steps.payload, stage=Stage.DOWNLOADING, summary=steps.payload.summary
            )
