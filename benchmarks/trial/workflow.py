"""The workflow of a trial job: one step that does nothing, run as the steps of real jobs are."""

import asyncio

from temporalio import activity, workflow

from audioprep.workflows.steps import open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.jobs.progress import StepProgress
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import Stage
    from benchmarks.trial.job import TRIAL_WORKFLOW, TrialPayload


class TrialActivities:
    """The step."""

    @activity.defn(name="benchmark.wait")
    async def wait(self, order: TrialPayload) -> None:
        """Let the time pass, telling how much of it has."""
        done = 0.0
        while done < order.seconds:
            await asyncio.sleep(order.beat)
            done += order.beat
            progress = min(done / order.seconds * 100, 100.0)
            activity.heartbeat(StepProgress(stage=Stage.DOWNLOADING, progress=progress))


@workflow.defn(name=TRIAL_WORKFLOW)
class TrialWorkflow:
    """Its result is null."""

    @workflow.run
    async def run(self, request: JobRequest[TrialPayload]) -> None:
        async with open_steps(request) as steps:
            await steps.run(TrialActivities.wait, steps.payload, stage=Stage.DOWNLOADING, summary="nothing")
