"""Activities of an ingest: fetch the source, analyse it, publish the asset. Each is idempotent."""

import asyncio
import hashlib
from pathlib import Path
from typing import Final

import structlog
from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import safe_name
from audioprep.activities.ffmpeg.extract import as_it_is, audio_only
from audioprep.activities.ffmpeg.probe import Probe, probe
from audioprep.activities.ffmpeg.run import subrange
from audioprep.activities.ffmpeg.working_copy import Measured, measure
from audioprep.activities.ingest_steps import Analysis, FetchSourceInput, Original, PublishAssetInput
from audioprep.activities.media_memory import facts_of, store_working_copy
from audioprep.activities.render.playable import needs_rendition, render_playable
from audioprep.activities.render.recipe_sources import source_of
from audioprep.activities.resources import ActivityResources
from audioprep.activities.sources import Sources
from audioprep.activities.storage.assets import asset_deleted, count_deleted_bytes
from audioprep.activities.storage.objects import StoredObject
from audioprep.activities.storage.unfinished import remove_other_originals, remove_unfinished
from audioprep.activities.waveform.outline import Outline
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.keys import ContentType
from audioprep.jobs.status import Stage
from audioprep.jobs.timestamps import utc_now
from audioprep.jobs.types.asset import MediaFacts, parse_asset
from audioprep.jobs.types.ingest import PeakChannels, SourceType

_DECODED: Final = 0.4  # of the stage where a rendition follows, which takes longer

log = structlog.get_logger()

_WHOLE_SHARE = 0.9  # of the seconds that a site says, and
_WHOLE_SLACK = 5.0  # seconds less than that: what is shorter than both is not the whole recording


class IngestActivities:
    """Each reads its input from storage and writes its output under keys made from the asset id."""

    def __init__(self, resources: ActivityResources) -> None:
        self._resources = resources
        self._sources = Sources(resources)

    @activity.defn(name="audioprep.fetch_source")
    async def fetch_source(self, input: FetchSourceInput) -> Original:
        """Make the source the asset's original: an uploaded audio file as it is, of all else the audio alone.

        It is probed before it is stored. The cache keeps it at hand for analysing.
        """
        storage = self._resources.storage
        async with self._resources.step(Stage.DOWNLOADING) as step:
            fetched = await self._sources.fetch(input.source, step)
            source_hash = await asyncio.to_thread(_sha256, fetched.path)
            adopted = input.source.source_type is SourceType.AUDIO_FILE
            audio = await (as_it_is if adopted else audio_only)(fetched, step, self._resources.limits)
            target = keys.original(input.asset_id, audio.form.extension)
            await storage.upload(audio.path, target, audio.form.content_type, lambda _: step.keep_alive())
            await self._resources.cache.keep(await storage.stat(target), audio.path)
            await remove_other_originals(storage, input.asset_id, target)
        return Original(
            asset_id=input.asset_id,
            key=target,
            original_filename=safe_name(input.source.original_filename or fetched.name),
            content_type=audio.form.content_type,
            source_hash=source_hash,
            source_id=fetched.source_id,
            upload_version=fetched.upload_version,
            tags=None if audio.tags.is_empty else audio.tags,
            playable=input.source.playable,
            split_peaks=input.source.peak_channels is PeakChannels.SPLIT,
            said_duration=fetched.said_duration,
        )

    @activity.defn(name="audioprep.analyze")
    async def analyze(self, original: Original) -> Analysis:
        """Decode the original once: its true duration, `peaks.json`, `peaks.dat`, `waveform.png`.

        One that is not plain gets its working copy, and one that browsers do not play its rendition, if asked for.
        """
        async with self._resources.step(Stage.ANALYZING) as step:
            found = await self._resources.storage.stat(original.key)
            path = step.scratch / "original"
            await self._resources.cache.fetch(found, path, lambda _: step.keep_alive())
            probed = await probe(path, step.scratch)
            share = _DECODED if original.playable else 1.0
            outline = Outline(self._resources.limits, step, probed.duration, share, split=original.split_peaks)
            measured = await measure(path, probed, step.scratch, outline.listen)
            check_whole(measured.decoded.seconds, original.said_duration)
            silence = await outline.store(self._resources.storage, original.asset_id)
            facts = await self._facts(original.asset_id, found, probed, measured, step)
            playable = await self._playable(original, facts, probed, measured.work or path, step)
        return Analysis(
            duration=round(measured.decoded.seconds, 6),
            sample_rate=probed.sample_rate,
            channels=probed.channels,
            codec=probed.codec,
            format=probed.format,
            original_filename=original.original_filename,
            bitrate=probed.bitrate,
            media=facts,
            playable_key=playable,
            peaks_dat_key=keys.peaks_dat(original.asset_id),
            silence=silence,
        )

    async def _facts(
        self, asset_id: str, found: StoredObject, probed: Probe, measured: Measured, step: AttemptContext
    ) -> MediaFacts:
        work = None
        if measured.work is not None:
            storage, cache = self._resources.storage, self._resources.cache
            work = await store_working_copy(storage, cache, asset_id, measured.work, step.keep_alive)
        return facts_of(found, probed, measured, work)

    async def _playable(
        self, original: Original, facts: MediaFacts, probed: Probe, path: Path, step: AttemptContext
    ) -> str | None:
        """The key of what browsers play, if the row asks for it."""
        if not original.playable:
            return None
        if not needs_rendition(facts, probed, keys.extension_of(original.key)):
            return original.key
        made = await render_playable(
            source_of(path, facts), facts.frames, step.scratch, subrange(step.report_progress, _DECODED, 1)
        )
        key = keys.playable(original.asset_id)
        await self._resources.storage.move(made, key, ContentType.MP3)
        return key

    @activity.defn(name="audioprep.publish_asset")
    async def publish_asset(self, input: PublishAssetInput) -> None:
        """Write `metadata.json`, the mark that the asset is whole. One that was there keeps its `createdAt`.

        Raises PermanentError, without that mark, when the original was deleted meanwhile.
        """
        storage = self._resources.storage
        async with self._resources.step(Stage.FINALIZING):
            key = keys.metadata(input.asset_id)
            content = input.description(await self._created_at(key), utc_now()).to_json()
            await storage.write(key, content, ContentType.JSON)
            if input.original is not None and await storage.stat_or_none(input.original.key) is None:
                await storage.delete(key)
                raise asset_deleted(input.asset_id)
            await self._delete_upload(input)

    @activity.defn(name="audioprep.discard_asset")
    async def discard_asset(self, asset_id: str) -> None:
        """Remove what a job that failed or was cancelled has stored."""
        await remove_unfinished(self._resources.storage, asset_id)

    async def _delete_upload(self, input: PublishAssetInput) -> None:
        """The asset is whole: that its upload may not be deleted is no failure of the job."""
        source, original = input.source, input.original
        if source is None or original is None or not source.delete_upload or source.storage_key is None:
            return
        storage = self._resources.storage
        try:
            key = keys.checked_upload(source.storage_key, self._resources.upload_folders)
            found = await storage.stat_or_none(key)
            if found is not None and found.version == original.upload_version and not key.startswith(keys.ASSETS):
                await storage.delete(key)
                count_deleted_bytes("upload", found.size)
        except PermanentError as error:
            log.warning("upload_not_deleted", error=error.message)

    async def _created_at(self, key: str) -> str | None:
        content = await self._resources.storage.read_or_none(key)
        earlier = parse_asset(content) if content is not None else None
        return earlier.created_at if earlier else None


def check_whole(seconds: float, said: float | None) -> None:
    """Raises PermanentError when a site gave far less than it says that there is: a preview, or a torn recording."""
    if said is not None and seconds < min(said * _WHOLE_SHARE, said - _WHOLE_SLACK):
        sentence = f"The site gives only {seconds:.0f} of {said:.0f} seconds: a preview, or a part of the recording."
        raise PermanentError(ErrorKind.REFUSED, sentence)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
