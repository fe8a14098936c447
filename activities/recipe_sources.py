"""The sources of a recipe: found in storage, brought to this machine, and held against what the recipe asks of them."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from audioprep.activities.decode import Samples, decode_mono
from audioprep.activities.ffmpeg_run import Report
from audioprep.activities.graph import END_TOLERANCE, SourceFacts
from audioprep.activities.probe import Probe
from audioprep.activities.resources import Resources
from audioprep.activities.step import Step
from audioprep.activities.storage import StoredObject
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.ingest import AudioMetadata
from audioprep.jobs.recipe import Recipe

# Formats in which a seek with a preroll gives the very samples that decoding from the start gives; the test of the same
# name compares them. Not Matroska and WebM, whose times are whole milliseconds. Names as ffprobe's `format_name`.
EXACT_SEEK = frozenset({"wav", "w64", "aiff", "caf", "flac", "mp3", "ogg", "wv", "mov,mp4,m4a,3gp,3g2,mj2"})


class RecipeSources:
    """Fetches what a recipe names; each source once, however many clips are cut from it."""

    def __init__(self, resources: Resources, step: Step, report: Report) -> None:
        self._resources = resources
        self._step = step
        self._report = report

    async def gather(self, recipe: Recipe) -> Mapping[UUID, SourceFacts]:
        """Every source as a local file, by asset id. `report` hears of the downloads.

        Raises PermanentError that names the clip when a source is missing or shorter than the clip needs.
        """
        self._check_total(recipe)
        found = {asset: await self._original(recipe, asset) for asset in _assets(recipe)}
        total = max(sum(source.size for source in found.values()), 1)
        facts: dict[UUID, SourceFacts] = {}
        done = 0
        for number, (asset, source) in enumerate(found.items()):
            path = self._step.scratch / f"source-{number}"
            await self._fetch(source, path, done, total)
            done += source.size
            facts[asset] = await self._describe(recipe, asset, source, path)
        return facts

    async def _fetch(self, source: StoredObject, path: Path, before: int, total: int) -> None:
        self._resources.limits.check_size(source.size)
        await self._resources.cache.fetch(source, path, lambda done: self._report((before + done) / total))
        self._report((before + source.size) / total)

    async def _original(self, recipe: Recipe, asset: UUID) -> StoredObject:
        """The asset's original; the newest, should it have been ingested again under another extension."""
        objects = [found async for found in self._resources.storage.list(keys.asset_folder(str(asset)))]
        originals = [found for found in objects if keys.is_original(found.key)]
        if not originals:
            sentence = f"{_clip_of(recipe, asset)}: its source {asset} is not in storage; ingest it first."
            raise PermanentError(ErrorKind.SOURCE_MISSING, sentence)
        return max(originals, key=lambda found: found.modified)

    async def _describe(self, recipe: Recipe, asset: UUID, found: StoredObject, path: Path) -> SourceFacts:
        try:
            probed = await self._resources.probes.of(found, path, self._step.scratch)
        except PermanentError as error:
            raise PermanentError(error.kind, f"{_clip_of(recipe, asset)}: {error.message}") from None
        check_ends(recipe, asset, await self._duration(asset, path, probed))
        return SourceFacts(
            path=path,
            stream_index=probed.stream_index,
            sample_rate=probed.sample_rate,
            channels=probed.channels,
            seekable=probed.format in EXACT_SEEK and probed.starts_at_zero,
        )

    async def _duration(self, asset: UUID, path: Path, probed: Probe) -> float:
        """Seconds of the source: from its `metadata.json`, or counted where there is none that we understand."""
        try:
            content = await self._resources.storage.read(keys.metadata(str(asset)))
            return AudioMetadata.model_validate_json(content).duration
        except (PermanentError, ValidationError):
            return await self._counted(path, probed)

    async def _counted(self, path: Path, probed: Probe) -> float:
        count = 0

        def take(block: Samples) -> None:
            nonlocal count
            count += len(block)
            self._step.working()

        await decode_mono(path, probed, self._step.scratch, take)
        return count / probed.sample_rate

    def _check_total(self, recipe: Recipe) -> None:
        limit = self._resources.limits.max_seconds
        if recipe.duration > limit:
            sentence = f"The clips are {recipe.duration:.1f} s together: over the limit of {limit / 60:g} minutes."
            raise PermanentError(ErrorKind.LIMIT_EXCEEDED, sentence)


def check_ends(recipe: Recipe, asset: UUID, duration: float) -> None:
    """Raises PermanentError for the first clip that ends after its source of `duration` seconds."""
    for index, clip in enumerate(recipe.clips):
        if clip.source_asset_id == asset and clip.end_time > duration + END_TOLERANCE:
            sentence = (
                f"{recipe.name_of(index)}: endTime {clip.end_time:g} s is after the end of its source, "
                f"which is {duration:.3f} s long."
            )
            raise PermanentError(ErrorKind.INVALID_PAYLOAD, sentence)


def _assets(recipe: Recipe) -> list[UUID]:
    return list(dict.fromkeys(clip.source_asset_id for clip in recipe.clips))


def _clip_of(recipe: Recipe, asset: UUID) -> str:
    """The first clip that is cut from the asset, in the words of an error."""
    return recipe.name_of(next(i for i, clip in enumerate(recipe.clips) if clip.source_asset_id == asset))
