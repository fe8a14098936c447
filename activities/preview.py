"""The steps of a preview: is it there already, and if not, render it."""

from temporalio import activity

from audioprep.activities.encoding import PREVIEW, preview_rate
from audioprep.activities.ffmpeg_run import portion
from audioprep.activities.loudness import Mastering
from audioprep.activities.rendering import open_rendering
from audioprep.activities.resources import Resources
from audioprep.jobs import keys
from audioprep.jobs.models import WireModel
from audioprep.jobs.preview import PreviewPayload
from audioprep.jobs.recipe import Recipe
from audioprep.jobs.status import Stage

_ENCODED = 0.9  # of the rendering stage; the rest is decoding what came out


class PreviewOrder(WireModel):
    """Which recipe to render, and where it goes."""

    recipe: Recipe
    key: str

    @classmethod
    def of(cls, payload: PreviewPayload) -> "PreviewOrder":
        return cls(recipe=payload.recipe, key=keys.preview(str(payload.recipe.asset_id), payload.recipe_hash))


class PreviewActivities:
    """The object's key holds the recipe's hash: what is there under it is the right preview, whoever made it."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    @activity.defn(name="audioprep.find_preview")
    async def find_preview(self, key: str) -> bool:
        """Whether the preview is in storage."""
        async with self._resources.step(Stage.QUEUED):
            return await self._resources.storage.look(key) is not None

    @activity.defn(name="audioprep.render_preview")
    async def render_preview(self, order: PreviewOrder) -> None:
        """Render and store the MP3, unless it is there: an earlier attempt may have got that far."""
        async with self._resources.step(Stage.DOWNLOADING) as step:
            if await self._resources.storage.look(order.key) is not None:
                return
            rate = preview_rate(order.recipe.output_sample_rate)
            rendering = await open_rendering(order.recipe, rate, self._resources, step, step.report)
            step.enter(Stage.RENDERING)
            path = step.scratch / "preview.mp3"
            self._resources.limits.check_output(rendering.size(PREVIEW))
            await rendering.encode(path, PREVIEW, Mastering(), portion(step.report, 0, _ENCODED))
            await rendering.check(path, PREVIEW, portion(step.report, _ENCODED, 1))
            step.enter(Stage.UPLOADING)
            await self._resources.storage.move(path, order.key, PREVIEW.content_type)
