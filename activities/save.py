"""The steps of a save: measure the loudness, render the prepared file, publish it."""

from pathlib import Path

from temporalio import activity

from audioprep.activities.encoding import Encoding, encoding_of
from audioprep.activities.ffmpeg_run import Report, portion
from audioprep.activities.loudness import (
    Loudness,
    LoudnessTarget,
    Mastering,
    Plan,
    Trial,
    first_mastering,
    next_mastering,
)
from audioprep.activities.rendering import Rendering, open_rendering
from audioprep.activities.resources import Resources
from audioprep.activities.step import Step
from audioprep.jobs import keys
from audioprep.jobs.keys import ContentType
from audioprep.jobs.models import WireModel
from audioprep.jobs.recipe import OutputFormat, Recipe
from audioprep.jobs.status import Stage

_FIRST = 0.7  # of a stage's progress goes to its first pass, as much of the rest to the next one, and so on


class RenderOrder(WireModel):
    """What to render. `plan` is null for a recipe that is not normalised."""

    recipe: Recipe
    plan: Plan | None = None


class SaveActivities:
    """Rendering stores what it made, so that the next step may run on another machine."""

    def __init__(self, resources: Resources, target: LoudnessTarget) -> None:
        self._resources = resources
        self._target = target

    @activity.defn(name="audioprep.measure_loudness")
    async def measure(self, recipe: Recipe) -> Plan:
        """Loudness and estimated peak of the graph, in one decode; if it needs a limiter, how much gain that costs."""
        async with self._resources.step(Stage.DOWNLOADING) as step:
            rendering = await self._open(recipe, step, step.report)
            step.enter(Stage.NORMALIZING)
            measured = await rendering.measure(portion(step.report, 0, _FIRST))
            return await self._rehearse(rendering, measured, self._target_of(recipe), step.report)

    @activity.defn(name="audioprep.render_prepared")
    async def render(self, order: RenderOrder) -> str:
        """Render, look at the result, and only then replace the prepared file of this extension. Its key."""
        recipe = order.recipe
        stage = Stage.RENDERING if order.plan else Stage.DOWNLOADING
        async with self._resources.step(stage) as step:
            rendering = await self._open_for(order, step)
            encoding = encoding_of(recipe.output_format, rendering.graph.channels)
            self._resources.limits.check_output(rendering.size(encoding))
            path = step.scratch / f"prepared.{encoding.extension}"
            if order.plan is None:
                await rendering.encode(path, encoding, Mastering(), portion(step.report, 0, _FIRST))
                await rendering.check(path, encoding, portion(step.report, _FIRST, 1))
            else:
                await self._master(rendering, path, encoding, order, step)
            step.enter(Stage.UPLOADING)
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

    async def _open_for(self, order: RenderOrder, step: Step) -> Rendering:
        """The rendering, the step being in its stage afterwards."""
        if order.plan is None:
            rendering = await self._open(order.recipe, step, step.report)
            step.enter(Stage.RENDERING)
            return rendering
        # Measuring has brought the sources here. On another machine they come again, and the stage does not go back.
        return await self._open(order.recipe, step, lambda _: step.working())

    async def _open(self, recipe: Recipe, step: Step, report: Report) -> Rendering:
        return await open_rendering(recipe, recipe.output_sample_rate, self._resources, step, report)

    async def _rehearse(self, rendering: Rendering, measured: Loudness, target: LoudnessTarget, report: Report) -> Plan:
        """Find the gain before a limiter by listening only: cheaper than a render that has to be thrown away."""
        best = first_mastering(measured, target)
        trials: list[Trial] = []
        mastering: Mastering | None = best
        while mastering is not None and mastering.limit is not None:
            begin, end = 1 - (1 - _FIRST) ** (len(trials) + 1), 1 - (1 - _FIRST) ** (len(trials) + 2)
            trials.append((mastering, await rendering.rehearse(mastering, portion(report, begin, end))))
            best = mastering
            mastering = next_mastering(measured, target, trials)
        return Plan(measured=measured, mastering=best)

    async def _master(
        self, rendering: Rendering, path: Path, encoding: Encoding, order: RenderOrder, step: Step
    ) -> None:
        """Render until the file itself, measured, is as it should be; the number of trials is bounded."""
        assert order.plan is not None  # noqa: S101 - asked by the caller
        trials: list[Trial] = []
        mastering: Mastering | None = order.plan.mastering
        while mastering is not None:
            begin, end = 1 - (1 - _FIRST) ** len(trials), 1 - (1 - _FIRST) ** (len(trials) + 1)
            middle = begin + (end - begin) * _FIRST
            await rendering.encode(path, encoding, mastering, portion(step.report, begin, middle))
            result = await rendering.check_and_measure(path, encoding, portion(step.report, middle, end))
            trials.append((mastering, result))
            mastering = next_mastering(order.plan.measured, self._target_of(order.recipe), trials)

    def _target_of(self, recipe: Recipe) -> LoudnessTarget:
        return LoudnessTarget(
            lufs=self._target.lufs if recipe.target_lufs is None else recipe.target_lufs,
            true_peak=self._target.true_peak if recipe.true_peak is None else recipe.true_peak,
        )
