"""Activity of a loudness report: the recipe's sound, the files that were made of it, and a picture over time."""

import asyncio

from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.run import ProgressCallback, subrange
from audioprep.activities.render.metering.loudness_chart import LoudnessChart, draw_chart
from audioprep.activities.render.rendering import Rendering, open_rendering
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.assets import writing_into
from audioprep.activities.storage.prepared import check_is_saved
from audioprep.jobs import keys
from audioprep.jobs.keys import ContentType
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import Stage
from audioprep.jobs.types.loudness import FileLoudness, LoudnessReport
from audioprep.jobs.types.recipe import Recipe


class ReportInput(WireModel):
    """`prepared_key` is the first file that was rendered; None for a recipe that is measured only."""

    recipe: Recipe
    prepared_key: str | None = None
    more_keys: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.prepared_key, *self.more_keys) if self.prepared_key else ()


class LoudnessReportActivities:
    """Both sounds are metered from end to end, the file as a player decodes it."""

    def __init__(self, resources: ActivityResources) -> None:
        self._resources = resources

    @activity.defn(name="audioprep.report_loudness")
    async def report_loudness(self, input: ReportInput) -> LoudnessReport:
        """Meter, draw, and store the picture, which is of the first file.

        A file that another save has removed meanwhile is not in the report. Raises PermanentError, with the picture
        removed, when the asset was deleted.
        """
        recipe, stored = input.recipe, input.keys
        storage, asset_id = self._resources.storage, str(recipe.asset_id)
        plot, stage = keys.loudness_plot(asset_id), Stage.FINALIZING if stored else Stage.DOWNLOADING
        async with self._resources.step(stage) as step, writing_into(storage, asset_id, plot):
            rendering = await self._open(recipe, step, quiet=bool(stored))
            if not stored:
                step.enter_stage(Stage.NORMALIZING)
            share = 1 / (1 + len(stored))
            source = await rendering.chart(subrange(step.report_progress, 0, share))
            charts: dict[str, LoudnessChart] = {}
            for number, key in enumerate(stored, 1):
                part = subrange(step.report_progress, number * share, (number + 1) * share)
                if chart := await self._file(rendering, key, step, part):
                    charts[key] = chart
            shown = next(iter(charts.values()), None)
            picture = await asyncio.to_thread(draw_chart, shown or source, source if shown else None)
            await storage.write(plot, picture, ContentType.PNG)
            if stored:
                await check_is_saved(storage, asset_id, plot)
        files = tuple(FileLoudness(key=key, **dict(chart.figures)) for key, chart in charts.items())
        return LoudnessReport(source=source.figures, files=files, plot_key=plot)

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
        path = step.scratch / key.rsplit("/", 1)[-1]
        await self._resources.cache.fetch(found, path, lambda _: step.keep_alive())
        return await rendering.chart_of_file(path, report)
