"""`save`: measure, render, publish, report."""

from temporalio import workflow

from audioprep.workflows.steps import Steps, open_steps

with workflow.unsafe.imports_passed_through():
    from audioprep.activities.loudness_report import LoudnessReportActivities, ReportInput
    from audioprep.activities.render.loudness import Plan
    from audioprep.activities.save import RenderInput, SaveActivities
    from audioprep.jobs.registry import SAVE
    from audioprep.jobs.request import JobRequest
    from audioprep.jobs.status import Stage
    from audioprep.jobs.text.wording import format_duration
    from audioprep.jobs.types.loudness import LoudnessReport
    from audioprep.jobs.types.recipe import Recipe
    from audioprep.jobs.types.save import SavePayload, SaveResult


@workflow.defn(name=SAVE.workflow)
class SaveWorkflow:
    """The recipe becomes the asset's prepared file; the old one stays until the new one has replaced it."""

    @workflow.run
    async def run(self, request: JobRequest[SavePayload]) -> SaveResult:
        async with open_steps(request) as steps:
            recipe = steps.payload.recipe
            if recipe.only_measured:
                return SaveResult(asset_id=str(recipe.asset_id), loudness=await _report(steps, recipe, None))
            plan = await _plan(steps, recipe) if recipe.normalize else None
            key = await steps.run(
                SaveActivities.render,
                RenderInput(recipe=recipe, plan=plan),
                stage=Stage.RENDERING if plan else Stage.DOWNLOADING,
                summary=steps.payload.summary,
            )
            await steps.run(SaveActivities.publish, recipe, stage=Stage.FINALIZING, summary=key)
            report = await _report(steps, recipe, key) if recipe.report else None
        return SaveResult(asset_id=str(recipe.asset_id), prepared_key=key, loudness=report)


async def _plan(steps: Steps[SavePayload], recipe: Recipe) -> Plan:
    return await steps.run(
        SaveActivities.measure,
        recipe,
        stage=Stage.DOWNLOADING,
        summary=f"loudness of {format_duration(recipe.duration)}",
    )


async def _report(steps: Steps[SavePayload], recipe: Recipe, key: str | None) -> LoudnessReport:
    return await steps.run(
        LoudnessReportActivities.report_loudness,
        ReportInput(recipe=recipe, prepared_key=key),
        stage=Stage.FINALIZING if key else Stage.DOWNLOADING,
        summary=f"loudness over {format_duration(recipe.duration)}",
    )
