"""Activities of a preview: find a stored one, render and store it. Deduplicated by a digest of the recipe."""

import re

from temporalio import activity

from audioprep.activities.render.encoding import PREVIEW, with_tag
from audioprep.activities.render.loudness import LoudnessTarget
from audioprep.activities.render.mastering import render_preview
from audioprep.activities.render.rendering import open_rendering
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.assets import writing_into
from audioprep.jobs.errors import ErrorKind, TransientError
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import Stage
from audioprep.jobs.types.preview import PreviewPayload, digest_of, preview_rate
from audioprep.jobs.types.recipe import Recipe

_TAG = "audioprep-sound"
_TAG_BYTES = 256  # of the file's start: more than the tag takes
# The first frame of an ID3v2 tag, as ffmpeg's muxer writes it: https://id3.org/id3v2.4.0-frames (4.2.6)
_TAGGED = re.compile(
    rb"ID3[\x03\x04]\x00.{5}TXXX.{6}[\x00\x03]" + _TAG.encode() + rb"\x00([0-9a-f]{64})\x00", re.DOTALL
)


class PreviewInput(WireModel):
    """Which recipe to render, and where it goes."""

    recipe: Recipe
    key: str

    @classmethod
    def of(cls, payload: PreviewPayload) -> "PreviewInput":
        return cls(recipe=payload.recipe, key=payload.key)


class PreviewActivities:
    """Each MP3 carries the digest of what it sounds like, and is used for nothing else, whatever its key says.

    The digest is in the file and not beside it, so that no crash and no other job can part the two. A file without one
    is rendered again: it was made by another program or an earlier version, and its key proves nothing.
    """

    def __init__(self, resources: ActivityResources, target: LoudnessTarget) -> None:
        self._resources = resources
        self._target = target

    @activity.defn(name="audioprep.find_preview")
    async def find_preview(self, wanted: PreviewInput | str) -> bool:
        """Whether the preview is in storage. A workflow begun by an earlier version asks for a key alone."""
        async with self._resources.step(Stage.QUEUED):
            if isinstance(wanted, str):
                return await self._resources.storage.stat_or_none(wanted) is not None
            return await self._is_stored(wanted)

    @activity.defn(name="audioprep.render_preview")
    async def render_preview(self, input: PreviewInput) -> None:
        """Render and store the MP3, unless it is there: an earlier attempt may have got that far.

        Raises TransientError when another recipe's preview took its key in the very moment.
        """
        storage, asset = self._resources.storage, str(input.recipe.asset_id)
        async with self._resources.step(Stage.DOWNLOADING) as step, writing_into(storage, asset, input.key):
            if await self._is_stored(input):
                return
            target = self._target.of(input.recipe) if input.recipe.normalize else None
            rate = preview_rate(input.recipe.output_sample_rate)
            rendering = await open_rendering(input.recipe, rate, self._resources, step, step.report_progress)
            step.enter_stage(Stage.RENDERING)
            path = step.scratch / "preview.mp3"
            encoding = with_tag(PREVIEW, _TAG, self._digest(input.recipe))
            self._resources.limits.check_output(rendering.size(encoding))
            await render_preview(rendering, path, encoding, target, step.report_progress)
            step.enter_stage(Stage.UPLOADING)
            await storage.move(path, input.key, encoding.content_type)
            if not await self._is_stored(input):
                sentence = f"Another recipe's preview was stored as {input.key!r} at the same time."
                raise TransientError(ErrorKind.STORAGE, sentence)

    async def _is_stored(self, input: PreviewInput) -> bool:
        start = await self._resources.storage.read_start(input.key, _TAG_BYTES)
        return start is not None and tagged_digest(start) == self._digest(input.recipe)

    def _digest(self, recipe: Recipe) -> str:
        """With this worker's loudness target, which the recipe may leave to it."""
        target = self._target.of(recipe)
        return digest_of(recipe.model_copy(update={"target_lufs": target.lufs, "true_peak": target.true_peak}))


def tagged_digest(start: bytes) -> str | None:
    """The digest in the tag that an MP3 begins with; None when it has none of ours."""
    found = _TAGGED.match(start)
    return found[1].decode() if found else None
