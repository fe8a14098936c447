"""Activities of a save: measure the loudness, render the prepared file, publish it."""

from datetime import timedelta

from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.run import ProgressCallback, subrange
from audioprep.activities.render.encoding import AAC_KBPS, encoding_of
from audioprep.activities.render.loudness import LoudnessTarget, Mastering, Plan
from audioprep.activities.render.mastering import plan_mastering, render_mastered
from audioprep.activities.render.rendering import Rendering, open_rendering
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.assets import asset_deleted, count_deleted_bytes, writing_into
from audioprep.jobs import keys
from audioprep.jobs.keys import ContentType
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import Stage
from audioprep.jobs.timestamps import utc_now
from audioprep.jobs.types.recipe import OutputFormat, Recipe

_ENCODED = 0.7  # of the rendering stage; the rest is decoding what came out


class RenderInput(WireModel):
    """What to render. `plan` is null for a recipe that is not normalised."""

    recipe: Recipe
    plan: Plan | None = None


class SaveActivities:
    """Rendering stores what it made, so that the next step may run on another machine."""

    def __init__(
        self,
        resources: ActivityResources,
        target: LoudnessTarget,
        aac_kbps: int = AAC_KBPS,
        keep_previews: timedelta | None = None,
    ) -> None:
        self._keep_previews = keep_previews
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
        storage, asset_id = self._resources.storage, str(recipe.asset_id)
        key = keys.prepared(asset_id, recipe.output_format.extension)
        stage = Stage.RENDERING if input.plan else Stage.DOWNLOADING
        async with self._resources.step(stage) as step, writing_into(storage, asset_id, key):
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
            await storage.move(path, key, encoding.content_type)
        return key

    @activity.defn(name="audioprep.publish_prepared")
    async def publish(self, recipe: Recipe) -> None:
        """Write `edits.json`, and remove the prepared file of the other form now that the new one is stored.

        Of two saves of one asset the later wins, in whatever order they get here: one whose file is gone was
        overtaken, and one whose file is older than the other form's leaves that alone. Raises PermanentError when no
        form is there any more: the asset was deleted.
        """
        storage, asset_id = self._resources.storage, str(recipe.asset_id)
        async with self._resources.step(Stage.FINALIZING):
            new = await storage.stat_or_none(keys.prepared(asset_id, recipe.output_format.extension))
            if new is None:
                await self._check_is_there(asset_id)
                return
            content = recipe.model_dump_json(indent=2, exclude_none=True).encode()
            await storage.write(keys.edits(asset_id), content, ContentType.JSON)
            for other in set(OutputFormat) - {recipe.output_format}:
                old = await storage.stat_or_none(keys.prepared(asset_id, other.extension))
                if old is not None and old.modified < new.modified:
                    await storage.delete(old.key)
            await self._check_is_there(asset_id)
            await self._remove_old_previews(asset_id)

    async def _check_is_there(self, asset_id: str) -> None:
        """Some prepared file. Raises PermanentError, with `edits.json` removed, when there is none."""
        storage = self._resources.storage
        if not any([await storage.stat_or_none(keys.prepared(asset_id, form.extension)) for form in OutputFormat]):
            await storage.delete(keys.edits(asset_id))
            await storage.remove_folder(keys.asset_folder(asset_id))
            raise asset_deleted(asset_id)

    async def _remove_old_previews(self, asset_id: str) -> None:
        """Those that are older than previews are kept; the app asks again for one that it still wants."""
        if self._keep_previews is None:
            return
        cut, storage = utc_now() - self._keep_previews, self._resources.storage
        objects = [found async for found in storage.list(keys.asset_folder(asset_id))]
        old = [found for found in objects if keys.is_preview(found.key) and found.modified < cut]
        for found in old:
            await storage.delete(found.key)
        count_deleted_bytes("preview", sum(found.size for found in old))

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
