"""`tone`: one look at the recording."""

from temporalio import workflow

from audioprep.workflows.steps import open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.tone import ToneActivities
    from audioprep.jobs.registry import TONE
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import Stage
    from audioprep.jobs.tone import TonePayload, ToneResult


@workflow.defn(name=TONE.workflow)
class ToneWorkflow:
    """One step."""

    @workflow.run
    async def run(self, request: JobRequest[TonePayload]) -> ToneResult:
        async with open_steps(request) as steps:
            assert request.payload is not None  # noqa: S101 - null only with `cancelled`
            order = request.payload
            return await steps.run(ToneActivities.look, order, stage=Stage.ANALYZING, summary=order.storage_key)
