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
    from audioprep.jobs.types.save import SavedFile, SavePayload, SaveResult


@workflow.defn(name=SAVE.workflow)
class SaveWorkflow:
    """The recipe becomes the asset's prepared files; the old ones stay until the new ones have replaced them."""

    @workflow.run
    async def run(self, request: JobRequest[SavePayload]) -> SaveResult:
        async with open_steps(request) as steps:
            recipe = steps.payload.recipe
            if recipe.only_measured:
                return SaveResult(asset_id=str(recipe.asset_id), loudness=await _report(steps, recipe))
            plan = await _plan(steps, recipe) if recipe.normalize else None
            files = await _render_outputs(steps, recipe, plan) if recipe.outputs else None
            stored = [file.key for file in files] if files else [await _render(steps, recipe, plan)]
            await steps.run(SaveActivities.publish, recipe, stage=Stage.FINALIZING, summary=", ".join(stored))
            report = await _report(steps, recipe, *stored) if recipe.report else None
        return SaveResult(asset_id=str(recipe.asset_id), prepared_key=stored[0], outputs=files, loudness=report)


async def _render(steps: Steps[SavePayload], recipe: Recipe, plan: Plan | None) -> str:
    return await steps.run(
        SaveActivities.render,
        RenderInput(recipe=recipe, plan=plan),
        stage=Stage.RENDERING if plan else Stage.DOWNLOADING,
        summary=steps.payload.summary,
    )


async def _render_outputs(steps: Steps[SavePayload], recipe: Recipe, plan: Plan | None) -> tuple[SavedFile, ...]:
    rendered = await steps.run(
        SaveActivities.render_outputs,
        RenderInput(recipe=recipe, plan=plan),
        stage=Stage.RENDERING if plan else Stage.DOWNLOADING,
        summary=steps.payload.summary,
    )
    return rendered.files


async def _plan(steps: Steps[SavePayload], recipe: Recipe) -> Plan:
    return await steps.run(
        SaveActivities.measure,
        recipe,
        stage=Stage.DOWNLOADING,
        summary=f"loudness of {format_duration(recipe.duration)}",
    )


async def _report(steps: Steps[SavePayload], recipe: Recipe, *stored: str) -> LoudnessReport:
    return await steps.run(
        LoudnessReportActivities.report_loudness,
        ReportInput(recipe=recipe, prepared_key=stored[0] if stored else None, more_keys=stored[1:]),
        stage=Stage.FINALIZING if stored else Stage.DOWNLOADING,
        summary=f"loudness over {format_duration(recipe.duration)}",
    )
