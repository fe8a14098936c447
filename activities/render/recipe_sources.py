"""Sources of a recipe: found in storage, downloaded, and held against what the recipe asks of them."""

from pathlib import Path
from uuid import UUID

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.decode import Samples, decode_mono
from audioprep.activities.ffmpeg.probe import probe
from audioprep.activities.ffmpeg.run import ProgressCallback
from audioprep.activities.media_memory import facts_of
from audioprep.activities.render.clip_ends import fit_clip
from audioprep.activities.render.graph import SourceFacts
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.objects import StoredObject
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.keys import ContentType
from audioprep.jobs.types.asset import MediaFacts, parse_asset, parse_media
from audioprep.jobs.types.recipe import Clip, Recipe

# Formats in which a seek with a preroll gives the very samples that decoding from the start gives; the test of the same
# name compares them. Not Matroska and WebM, whose times are whole milliseconds. Names as ffprobe's `format_name`.
EXACT_SEEK = frozenset({"wav", "w64", "aiff", "caf", "flac", "mp3", "ogg", "wv", "mov,mp4,m4a,3gp,3g2,mj2"})


class RecipeSources:
    """Fetches what a recipe names; each source once, however many clips are cut from it."""

    def __init__(self, resources: ActivityResources, step: AttemptContext, report: ProgressCallback) -> None:
        self._resources = resources
        self._step = step
        self._report = report

    async def gather(self, recipe: Recipe) -> list[tuple[Clip, SourceFacts]]:
        """Every clip as far as its source has sound, and that source as a local file. `report` hears of the downloads.

        Raises PermanentError that names the clip when a source is missing or shorter than the clip needs.
        """
        self._check_total(recipe)
        found = {asset: await self._original(recipe, asset) for asset in _assets(recipe)}
        total = max(sum(source.size for source in found.values()), 1)
        paths: dict[UUID, Path] = {}
        facts: dict[UUID, MediaFacts] = {}
        done = 0
        for number, (asset, source) in enumerate(found.items()):
            path = self._step.scratch / f"source-{number}"
            await self._fetch(source, path, done, total)
            done += source.size
            paths[asset], facts[asset] = path, await self._facts(recipe, asset, source, path)
        fitted = [
            fit_clip(clip, recipe.name_of(index), facts[clip.source_asset_id])
            for index, clip in enumerate(recipe.clips)
        ]
        sources = {asset: _source_of(paths[asset], facts[asset]) for asset in facts}
        return [(clip, sources[clip.source_asset_id]) for clip in fitted]

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

    async def _facts(self, recipe: Recipe, asset: UUID, found: StoredObject, path: Path) -> MediaFacts:
        """Known in memory, beside the asset, or else from a decode, whose outcome is kept beside it."""
        facts = self._resources.media.get(found) or await self._stored_facts(asset, found)
        if facts is None:
            try:
                facts = await self._decoded_facts(found, path)
            except PermanentError as error:
                raise PermanentError(error.kind, f"{_clip_of(recipe, asset)}: {error.message}") from None
            content = facts.model_dump_json(indent=2).encode()
            await self._resources.storage.write(keys.media(str(asset)), content, ContentType.JSON)
        self._resources.media.put(found, facts)
        return facts

    async def _stored_facts(self, asset: UUID, found: StoredObject) -> MediaFacts | None:
        """What ingest wrote into `metadata.json`, or an earlier render into `media.json`: None if of another object."""
        content = await self._resources.storage.read_if_there(keys.metadata(str(asset)))
        described = parse_asset(content) if content else None
        if described and described.media and described.media.describe(found.size, found.version):
            return described.media
        content = await self._resources.storage.read_if_there(keys.media(str(asset)))
        facts = parse_media(content) if content else None
        return facts if facts and facts.describe(found.size, found.version) else None

    async def _decoded_facts(self, found: StoredObject, path: Path) -> MediaFacts:
        probed = await probe(path, self._step.scratch)
        frames = 0

        def take(block: Samples) -> None:
            nonlocal frames
            frames += len(block)
            self._step.keep_alive()

        await decode_mono(path, probed, self._step.scratch, take)
        return facts_of(found, probed, frames)

    def _check_total(self, recipe: Recipe) -> None:
        limit = self._resources.limits.max_seconds
        if recipe.duration > limit:
            sentence = f"The clips are {recipe.duration:.1f} s together: over the limit of {limit / 60:g} minutes."
            raise PermanentError(ErrorKind.LIMIT_EXCEEDED, sentence)


def _source_of(path: Path, facts: MediaFacts) -> SourceFacts:
    return SourceFacts(
        path=path,
        stream_index=facts.stream_index,
        sample_rate=facts.sample_rate,
        channels=facts.channels,
        seekable=facts.format in EXACT_SEEK and facts.starts_at_zero,
    )


def _assets(recipe: Recipe) -> list[UUID]:
    return list(dict.fromkeys(clip.source_asset_id for clip in recipe.clips))


def _clip_of(recipe: Recipe, asset: UUID) -> str:
    """The first clip that is cut from the asset, in the words of an error."""
    return recipe.name_of(next(i for i, clip in enumerate(recipe.clips) if clip.source_asset_id == asset))
