"""Activities of a save: measure the loudness, render the prepared file, publish it."""

from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.run import ProgressCallback, subrange
from audioprep.activities.render.encoding import AAC_KBPS, encoding_of
from audioprep.activities.render.loudness import LoudnessTarget, Mastering, Plan
from audioprep.activities.render.mastering import plan_mastering, render_mastered
from audioprep.activities.render.rendering import Rendering, open_rendering
from audioprep.activities.resources import ActivityResources
from audioprep.jobs import keys
from audioprep.jobs.keys import ContentType
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import Stage
from audioprep.jobs.types.recipe import OutputFormat, Recipe

_ENCODED = 0.7  # of the rendering stage; the rest is decoding what came out


class RenderInput(WireModel):
    """What to render. `plan` is null for a recipe that is not normalised."""

    recipe: Recipe
    plan: Plan | None = None


class SaveActivities:
    """Rendering stores what it made, so that the next step may run on another machine."""

    def __init__(self, resources: ActivityResources, target: LoudnessTarget, aac_kbps: int = AAC_KBPS) -> None:
        self._resources = resources
        self._target = target
        self._aac_kbps = aac_kbps

    @activity.defn(name="audioprep.measure_loudness")
    async def measure(self, recipe: Recipe) -> Plan:
        """Loudness and estimated peak of the graph, in one decode; if it needs a limiter, how much gain that costs."""
        async with self._resources.step(Stage.DOWNLOADING) as step:
            rendering = await self._open(recipe, step, step.report_progress)
            step.enter_stage(Stage.NORMALIZING)
            return await plan_mastering(rendering, self._target.of(recipe), step.report_progress)

    @activity.defn(name="audioprep.render_prepared")
    async def render(self, input: RenderInput) -> str:
        """Render, look at the result, and only then replace the prepared file of this extension. Its key."""
        recipe = input.recipe
        stage = Stage.RENDERING if input.plan else Stage.DOWNLOADING
        async with self._resources.step(stage) as step:
            rendering = await self._open_for(input, step)
            encoding = encoding_of(recipe, rendering.graph.channels, self._aac_kbps)
            self._resources.limits.check_output(rendering.size(encoding))
            path = step.scratch / f"prepared.{encoding.extension}"
            if input.plan is None:
                await rendering.encode(path, encoding, Mastering(), subrange(step.report_progress, 0, _ENCODED))
                await rendering.check(path, encoding, subrange(step.report_progress, _ENCODED, 1))
            else:
                target = self._target.of(recipe)
                await render_mastered(rendering, path, encoding, input.plan, target, step.report_progress)
            step.enter_stage(Stage.UPLOADING)
            key = keys.prepared(str(recipe.asset_id), encoding.extension)
            await self._resources.storage.move(path, key, encoding.content_type)
        return key

    @activity.defn(name="audioprep.publish_prepared")
    async def publish(self, recipe: Recipe) -> None:
        """Write `edits.json`, and remove the prepared file of the other form now that the new one is stored.

        Of two saves of one asset the later wins, in whatever order they get here: one whose file is gone was
        overtaken, and one whose file is older than the other form's leaves that alone.
        """
        async with self._resources.step(Stage.FINALIZING):
            asset_id = str(recipe.asset_id)
            new = await self._resources.storage.look(keys.prepared(asset_id, recipe.output_format.extension))
            if new is None:
                return
            content = recipe.model_dump_json(indent=2, exclude_none=True).encode()
            await self._resources.storage.write(keys.edits(asset_id), content, ContentType.JSON)
            for other in set(OutputFormat) - {recipe.output_format}:
                old = await self._resources.storage.look(keys.prepared(asset_id, other.extension))
                if old is not None and old.modified < new.modified:
                    await self._resources.storage.delete(old.key)

    async def _open_for(self, input: RenderInput, step: AttemptContext) -> Rendering:
        """The rendering, the step being in its stage afterwards."""
        if input.plan is None:
            rendering = await self._open(input.recipe, step, step.report_progress)
            step.enter_stage(Stage.RENDERING)
            return rendering
        # Measuring has brought the sources here. On another machine they come again, and the stage does not go back.
        return await self._open(input.recipe, step, lambda _: step.keep_alive())

    async def _open(self, recipe: Recipe, step: AttemptContext, report: ProgressCallback) -> Rendering:
        return await open_rendering(recipe, recipe.output_sample_rate, self._resources, step, report)
