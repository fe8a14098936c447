"""Sources of a recipe: found in storage, downloaded, and held against what the recipe asks of them."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.ffmpeg.decode import PcmForm, Samples, Take
from audioprep.activities.ffmpeg.probe import probe
from audioprep.activities.ffmpeg.run import ProgressCallback
from audioprep.activities.ffmpeg.working_copy import measure
from audioprep.activities.media_memory import facts_of, store_working_copy
from audioprep.activities.render.clip_ends import fit_clip
from audioprep.activities.render.graph import SourceFacts
from audioprep.activities.render.seeking import seeks_exactly
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.assets import newest_original, writing_into
from audioprep.activities.storage.objects import StoredObject
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.keys import ContentType
from audioprep.jobs.types.asset import MediaFacts, parse_asset, parse_media
from audioprep.jobs.types.recipe import Clip, Recipe


@dataclass(slots=True)
class _Source:
    """One asset of a recipe: its original, what is known of it, and the object that is fetched to be cut."""

    asset: UUID
    original: StoredObject
    facts: MediaFacts | None
    fetched: StoredObject
    path: Path


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
        sources = {asset: await self._find(recipe, asset, number) for number, asset in enumerate(_assets(recipe))}
        total = max(sum(source.fetched.size for source in sources.values()), 1)
        done = 0
        for source in sources.values():
            await self._fetch(source.fetched, source.path, done, total)
            done += source.fetched.size
            if source.facts is None:
                await self._measure(recipe, source)
            self._resources.media.put(source.original, _known(source.facts))
        return [
            (fit_clip(clip, recipe.name_of(index), _known(source.facts)), source_of(source.path, _known(source.facts)))
            for index, clip in enumerate(recipe.clips)
            for source in (sources[clip.source_asset_id],)
        ]

    async def _find(self, recipe: Recipe, asset: UUID, number: int) -> _Source:
        """What is cut: the working copy of an original that has one, else the original."""
        original = await self._original(recipe, asset)
        self._resources.limits.check_size(original.size)
        path = self._step.scratch / f"source-{number}"
        facts = self._resources.media.get(original) or await self._stored_facts(asset, original)
        if facts is None or facts.work is None:
            return _Source(asset, original, facts, original, path)
        work = await self._resources.storage.stat_or_none(keys.working_copy(str(asset)))
        if work is None or (work.size, work.version) != (facts.work.size, facts.work.version):
            return _Source(asset, original, None, original, path)
        return _Source(asset, original, facts, work, path)

    async def _fetch(self, found: StoredObject, path: Path, before: int, total: int) -> None:
        await self._resources.cache.fetch(found, path, lambda done: self._report((before + done) / total))
        self._report((before + found.size) / total)

    async def _original(self, recipe: Recipe, asset: UUID) -> StoredObject:
        original = await newest_original(self._resources.storage, str(asset))
        if original is None:
            sentence = f"{_clip_of(recipe, asset)}: its source {asset} is not in storage; ingest it first."
            raise PermanentError(ErrorKind.SOURCE_MISSING, sentence)
        return original

    async def _measure(self, recipe: Recipe, source: _Source) -> None:
        """Decode an original of which too little is known. The outcome is kept beside it."""
        folder = self._step.scratch / f"{source.path.name}-work"
        await asyncio.to_thread(folder.mkdir)
        try:
            probed = await probe(source.path, folder)
            measured = await measure(source.path, probed, folder, self._listen)
        except PermanentError as error:
            raise PermanentError(error.kind, f"{_clip_of(recipe, source.asset)}: {error.message}") from None
        storage, cache, asset = self._resources.storage, self._resources.cache, str(source.asset)
        work = None
        async with writing_into(storage, asset, keys.media(asset), keys.working_copy(asset)):
            if measured.work is not None:
                source.path = measured.work
                work = await store_working_copy(storage, cache, asset, measured.work, self._step.keep_alive)
            source.facts = facts_of(source.original, probed, measured, work)
            await storage.write(keys.media(asset), source.facts.model_dump_json(indent=2).encode(), ContentType.JSON)

    def _listen(self, form: PcmForm) -> Take:
        """Signs of work while a decode runs, within the limits."""
        frames = 0

        def count(samples: Samples) -> None:
            nonlocal frames
            frames += len(samples)
            self._resources.limits.check_duration(frames / form.sample_rate)
            self._step.keep_alive()

        return count

    async def _stored_facts(self, asset: UUID, found: StoredObject) -> MediaFacts | None:
        """What ingest wrote into `metadata.json`, or an earlier render into `media.json`: None if of another object."""
        content = await self._resources.storage.read_or_none(keys.metadata(str(asset)))
        described = parse_asset(content) if content else None
        if described and described.media and described.media.describe(found.size, found.version):
            return described.media
        content = await self._resources.storage.read_or_none(keys.media(str(asset)))
        facts = parse_media(content) if content else None
        return facts if facts and facts.describe(found.size, found.version) else None

    def _check_total(self, recipe: Recipe) -> None:
        limit = self._resources.limits.max_seconds
        if recipe.duration > limit:
            sentence = f"The clips are {recipe.duration:.1f} s together: over the limit of {limit / 60:g} minutes."
            raise PermanentError(ErrorKind.LIMIT_EXCEEDED, sentence)


def source_of(path: Path, facts: MediaFacts) -> SourceFacts:
    """What the graph must know of the file at `path`: the original, or its working copy where there is one."""
    if facts.work is not None:
        return SourceFacts(path, 0, facts.sample_rate, facts.channels, seekable=True)
    return SourceFacts(
        path=path,
        stream_index=facts.stream_index,
        sample_rate=facts.sample_rate,
        channels=facts.channels,
        seekable=seeks_exactly(facts),
        layout=facts.layout or "",
    )


def _known(facts: MediaFacts | None) -> MediaFacts:
    if facts is None:
        raise RuntimeError("this source has not been measured yet")
    return facts


def _assets(recipe: Recipe) -> list[UUID]:
    return list(dict.fromkeys(clip.source_asset_id for clip in recipe.clips))


def _clip_of(recipe: Recipe, asset: UUID) -> str:
    """The first clip that is cut from the asset, in the words of an error."""
    return recipe.name_of(next(i for i, clip in enumerate(recipe.clips) if clip.source_asset_id == asset))
