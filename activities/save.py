"""Activities of a save: measure the loudness, render the prepared files, publish them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.run import ProgressCallback, subrange
from audioprep.activities.render.deliverables import Goal, check_sizes, render_files
from audioprep.activities.render.encoding import AAC_KBPS, Encoding, encoding_of
from audioprep.activities.render.loudness import LoudnessTarget, Mastering, Plan
from audioprep.activities.render.mastering import plan_mastering, render_mastered
from audioprep.activities.render.rendering import Rendering, open_rendering
from audioprep.activities.render.tagging.labelling import Labelling
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.assets import count_deleted_bytes, writing_into
from audioprep.activities.storage.prepared import check_is_saved, prepared_files, store_together
from audioprep.jobs import keys
from audioprep.jobs.keys import ContentType
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import Stage
from audioprep.jobs.timestamps import utc_now
from audioprep.jobs.types.recipe import Recipe
from audioprep.jobs.types.save import SavedFile, prepared_keys

_ENCODED = 0.7  # of the rendering stage; the rest is decoding what came out


class RenderInput(WireModel):
    """What to render. `plan` is null for a recipe that is not normalised."""

    recipe: Recipe
    plan: Plan | None = None


class RenderedFiles(WireModel):
    """The files of a recipe's `outputs`, in their order."""

    files: tuple[SavedFile, ...]


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
        (key,) = prepared_keys(recipe)
        stage = Stage.RENDERING if input.plan else Stage.DOWNLOADING
        async with self._resources.step(stage) as step, writing_into(storage, asset_id, key):
            rendering = await self._open_for(input, step)
            (encoding,) = await self._encodings(recipe, rendering, step)
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

    @activity.defn(name="audioprep.render_outputs")
    async def render_outputs(self, input: RenderInput) -> RenderedFiles:
        """Render all files of `outputs`, look at each, and only then replace those that are stored.

        Raises TransientError when another save of the asset stored some of its files in between.
        """
        recipe = input.recipe
        stage, names = Stage.RENDERING if input.plan else Stage.DOWNLOADING, prepared_keys(recipe)
        async with (
            self._resources.step(stage) as step,
            writing_into(self._resources.storage, str(recipe.asset_id), *names),
        ):
            rendering = await self._open_for(input, step)
            encodings = await self._encodings(recipe, rendering, step)
            check_sizes(rendering, encodings, self._resources.limits)
            goal = Goal(input.plan, self._target.of(recipe)) if input.plan else None
            made = await render_files(rendering, encodings, goal, step.report_progress)
            sizes = [(await asyncio.to_thread(path.stat)).st_size for path, _ in made]
            step.enter_stage(Stage.UPLOADING)
            moves = [
                (path, key, form.content_type) for (path, _), key, form in zip(made, names, encodings, strict=True)
            ]
            await store_together(self._resources.storage, moves, step.report_progress)
        files = [
            SavedFile(key=key, format=file.format, size=size, integrated=heard.integrated, true_peak=heard.true_peak)
            for key, file, size, (_, heard) in zip(names, recipe.files, sizes, made, strict=True)
        ]
        return RenderedFiles(files=tuple(files))

    @activity.defn(name="audioprep.publish_prepared")
    async def publish(self, recipe: Recipe) -> None:
        """Write `edits.json`, and remove the prepared files of other forms now that the new ones are stored.

        Of two saves of one asset the later wins, in whatever order they get here: one of whose files some is gone was
        overtaken, and one whose files are all older than another form's leaves that alone. Raises PermanentError when
        no form is there any more: the asset was deleted.
        """
        storage, asset_id = self._resources.storage, str(recipe.asset_id)
        async with self._resources.step(Stage.FINALIZING):
            found = {each.key: each for each in await prepared_files(storage, asset_id)}
            names = prepared_keys(recipe)
            if found.keys() >= set(names):
                await storage.write(keys.edits(asset_id), recipe.to_json(), ContentType.JSON)
                newest = max(found[key].modified for key in names)
                for other in found.keys() - set(names):
                    if found[other].modified < newest:
                        await storage.delete(other)
            await check_is_saved(storage, asset_id, keys.edits(asset_id))
            if found.keys() >= set(names):
                await self._remove_old_previews(asset_id)

    async def _encodings(self, recipe: Recipe, rendering: Rendering, step: AttemptContext) -> list[Encoding]:
        """Of the recipe's files, in their order, with its tags and cover."""
        rate, channels = recipe.output_sample_rate, rendering.graph.channels
        encodings = [encoding_of(file, rate, channels, self._aac_kbps) for file in recipe.files]
        forms = [file.format for file in recipe.files]
        labels = await Labelling(self._resources, step).labels_of(recipe, forms)
        return [replace(encoding, labels=label) for encoding, label in zip(encodings, labels, strict=True)]

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
