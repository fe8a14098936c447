"""Activity of a loudness report: the recipe's sound, the file that was made of it, and a picture over time."""

import asyncio

from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.run import ProgressCallback, subrange
from audioprep.activities.render.metering.loudness_chart import LoudnessChart, draw_chart
from audioprep.activities.render.rendering import Rendering, open_rendering
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.assets import asset_deleted, writing_into
from audioprep.jobs import keys
from audioprep.jobs.keys import ContentType
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import Stage
from audioprep.jobs.types.loudness import FileLoudness, LoudnessReport
from audioprep.jobs.types.recipe import OutputFormat, Recipe

_SOURCE = 0.5  # of the time, where there is a file to measure, too


class ReportInput(WireModel):
    """`prepared_key` is the file that was rendered; None for a recipe that is measured only."""

    recipe: Recipe
    prepared_key: str | None = None


class LoudnessReportActivities:
    """Both sounds are metered from end to end, the file as a player decodes it."""

    def __init__(self, resources: ActivityResources) -> None:
        self._resources = resources

    @activity.defn(name="audioprep.report_loudness")
    async def report_loudness(self, input: ReportInput) -> LoudnessReport:
        """Meter, draw, and store the picture.

        A file that another save has removed meanwhile is not in the report. Raises PermanentError, with the picture
        removed, when the asset was deleted.
        """
        recipe, key = input.recipe, input.prepared_key
        storage, asset_id = self._resources.storage, str(recipe.asset_id)
        plot, stage = keys.loudness_plot(asset_id), Stage.FINALIZING if key else Stage.DOWNLOADING
        async with self._resources.step(stage) as step, writing_into(storage, asset_id, plot):
            rendering = await self._open(recipe, step, quiet=key is not None)
            if key is None:
                step.enter_stage(Stage.NORMALIZING)
            source = await rendering.chart(subrange(step.report_progress, 0, _SOURCE if key else 1))
            rest = subrange(step.report_progress, _SOURCE, 1)
            file = await self._file(rendering, key, step, rest) if key else None
            picture = await asyncio.to_thread(draw_chart, file or source, source if file else None)
            await storage.write(plot, picture, ContentType.PNG)
            if key:
                await self._check_is_there(asset_id, plot)
        files = (FileLoudness(key=key, **dict(file.figures)),) if key and file else ()
        return LoudnessReport(source=source.figures, files=files, plot_key=plot)

    async def _check_is_there(self, asset_id: str, plot: str) -> None:
        """Some prepared file, as for an asset without an original; else the picture goes, too."""
        storage = self._resources.storage
        if not any([await storage.stat_or_none(keys.prepared(asset_id, form.extension)) for form in OutputFormat]):
            await storage.delete(plot)
            await storage.remove_folder(keys.asset_folder(asset_id))
            raise asset_deleted(asset_id)

    async def _open(self, recipe: Recipe, step: AttemptContext, *, quiet: bool) -> Rendering:
        """After a render the sources are here already, and the stage has no share for them."""
        report = (lambda _: step.keep_alive()) if quiet else step.report_progress
        return await open_rendering(recipe, recipe.output_sample_rate, self._resources, step, report)

    async def _file(
        self, rendering: Rendering, key: str, step: AttemptContext, report: ProgressCallback
    ) -> LoudnessChart | None:
        found = await self._resources.storage.stat_or_none(key)
        if found is None:
            return None
        path = step.scratch / "prepared"
        await self._resources.cache.fetch(found, path, lambda _: step.keep_alive())
        return await rendering.chart_of_file(path, report)
