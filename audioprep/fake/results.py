"""Results of fake jobs: the files under their real keys, and the row's result. Source files are only looked at."""

from typing import Final
from uuid import UUID

import numpy as np

from audioprep.activities.render.clip_ends import fit_clip
from audioprep.activities.render.metering.loudness_chart import LoudnessChart, draw_chart
from audioprep.activities.storage.prepared import prepared_files
from audioprep.activities.storage.store import Storage
from audioprep.activities.waveform.peaks import draw_waveform, to_json
from audioprep.fake import media
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.job import Job
from audioprep.jobs.keys import ContentType
from audioprep.jobs.payload import WireModel
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import to_text, utc_now
from audioprep.jobs.types.asset import AssetAudio, AssetMetadata, AudioMetadata, MediaFacts, parse_asset
from audioprep.jobs.types.delete import DeletePayload, DeleteResult
from audioprep.jobs.types.ingest import IngestPayload, IngestResult
from audioprep.jobs.types.loudness import FileLoudness, LoudnessFigures, LoudnessReport
from audioprep.jobs.types.outputs import FileFormat
from audioprep.jobs.types.playlist import PlaylistOutcome, PlaylistPayload, PlaylistResult
from audioprep.jobs.types.preview import PreviewPayload, PreviewResult
from audioprep.jobs.types.provenance import Provenance, source_url_of
from audioprep.jobs.types.recipe import Clip, Recipe
from audioprep.jobs.types.save import SavedFile, SavePayload, SaveResult, prepared_keys

_ENTRIES: Final = 2  # of every list
_MP3_BITS: Final = 128_000
_CODECS: Final = {"mp3": "mp3", "flac": "flac", "m4a": "aac", "ogg": "vorbis", "wav": "pcm_s16le"}

_CONTENT_TYPES: Final = {
    FileFormat.WAV: ContentType.WAV,
    FileFormat.FLAC: ContentType.FLAC,
    FileFormat.MP3: ContentType.MP3,
    FileFormat.AAC: ContentType.M4A,
    FileFormat.OPUS: ContentType.OGG,
}


class FakeResults:
    """Makes what a job leaves. Each method may be repeated."""

    def __init__(self, storage: Storage, table_id: str) -> None:
        self._storage = storage
        self._table_id = table_id

    def asset_of(self, job: Job) -> str:
        """The asset that an ingest makes."""
        return keys.asset_id_for(job.job_id, self._table_id)

    async def make(self, job: Job, payload: object) -> WireModel:
        """The files and the result of a job. Raises PermanentError where a real worker finds the same fault."""
        match payload:
            case IngestPayload():
                return await self._ingest(self.asset_of(job), payload)
            case PreviewPayload(recipe=recipe):
                await self._check(recipe)
                await self._storage.write(payload.key, media.mp3(recipe.duration), ContentType.MP3)
                return PreviewResult(preview_key=payload.key)
            case SavePayload(recipe=recipe):
                return await self._save(recipe)
            case DeletePayload(asset_ids=assets):
                return await self._delete([str(asset) for asset in assets])
            case PlaylistPayload():
                return await self._playlist(job, payload)
        raise PermanentError(ErrorKind.INVALID_PAYLOAD, f"The fake bridge has no jobs of type {job.type!r}.")

    async def _ingest(self, asset: str, source: IngestPayload) -> IngestResult:
        content, extension = await self._source(source)
        seconds = media.seconds_of(content) or media.SECONDS
        name = source.original_filename or (source.storage_key or source.url or "").rsplit("/", 1)[-1]
        audio = AudioMetadata(
            duration=seconds,
            sample_rate=media.RATE,
            channels=1,
            codec=_CODECS.get(extension, extension),
            format=extension,
            original_filename=name,
        )
        form = {"wav": ContentType.WAV, "mp3": ContentType.MP3}.get(extension, f"audio/{extension}")
        original = keys.original(asset, extension)
        await self._storage.write(original, content, form)
        await self._outline(asset, seconds)
        await self._describe(asset, audio, source)
        return IngestResult(
            asset_id=asset,
            metadata=audio,
            original_key=original,
            peaks_key=keys.peaks(asset),
            peaks_dat_key=keys.peaks_dat(asset),
            waveform_key=keys.waveform(asset),
            content_type=form,
            size=len(content),
            playable_key=original if source.playable else None,
            bitrate=_MP3_BITS if extension == "mp3" else round(len(content) * 8 / seconds),
        )

    async def _outline(self, asset: str, seconds: float) -> None:
        pairs = media.outline(seconds)
        await self._storage.write(keys.peaks(asset), to_json(pairs), ContentType.JSON)
        await self._storage.write(keys.peaks_dat(asset), media.peaks_dat(seconds), ContentType.BINARY)
        await self._storage.write(keys.waveform(asset), draw_waveform(pairs), ContentType.PNG)

    async def _source(self, source: IngestPayload) -> tuple[bytes, str]:
        if source.source_type.is_remote or source.storage_key is None:
            return media.wav(), "wav"
        return await self._storage.read(source.storage_key), keys.extension_of(source.storage_key, "wav")

    async def _describe(self, asset: str, audio: AudioMetadata, source: IngestPayload) -> None:
        now = to_text(utc_now())
        url = source_url_of(source.url or "") if source.source_type.is_remote else None
        described = AssetMetadata(
            asset_id=asset,
            created_at=now,
            updated_at=now,
            audio=AssetAudio(**{name: getattr(audio, name) for name in AssetAudio.model_fields if name != "bitrate"}),
            provenance=Provenance(source_type=source.source_type, source_url=url),
            original_filename=audio.original_filename,
        )
        await self._storage.write(keys.metadata(asset), described.to_json(), ContentType.JSON)

    async def _save(self, recipe: Recipe) -> SaveResult:
        await self._check(recipe)
        asset, names = str(recipe.asset_id), prepared_keys(recipe)
        if recipe.only_measured:
            return SaveResult(asset_id=asset, loudness=await self._silent_report(asset))
        made = []
        for key, file in zip(names, recipe.files, strict=True):
            content = media.prepared(file, recipe.duration)
            await self._storage.write(key, content, _CONTENT_TYPES[file.format])
            made.append(SavedFile(key=key, format=file.format, size=len(content), integrated=None, true_peak=None))
        await self._remove_others(asset, names)
        await self._storage.write(keys.edits(asset), recipe.to_json(), ContentType.JSON)
        report = await self._silent_report(asset, *names) if recipe.report else None
        outputs = tuple(made) if recipe.outputs else None
        return SaveResult(asset_id=asset, prepared_key=names[0], outputs=outputs, loudness=report)

    async def _remove_others(self, asset: str, names: list[str]) -> None:
        """Prepared files of earlier saves that this one does not make."""
        for other in await prepared_files(self._storage, asset):
            if other.key not in names:
                await self._storage.delete(other.key)

    async def _silent_report(self, asset: str, *stored: str) -> LoudnessReport:
        """What a worker says of silence, which these files are."""
        plot, nothing = keys.loudness_plot(asset), np.empty(0, dtype=np.float32)
        silence = LoudnessFigures(integrated=None, range=None, short_term_max=None, true_peak=None)
        picture = draw_chart(LoudnessChart(silence, nothing, nothing), None)
        await self._storage.write(plot, picture, ContentType.PNG)
        files = tuple(FileLoudness(key=key, **dict(silence)) for key in stored)
        return LoudnessReport(source=silence, files=files, plot_key=plot)

    async def _delete(self, assets: list[str]) -> DeleteResult:
        found = [each for asset in assets async for each in self._storage.list(keys.asset_folder(asset))]
        for each in found:
            await self._storage.delete(each.key)
        return DeleteResult(objects=len(found), size=sum(each.size for each in found))

    async def _playlist(self, job: Job, payload: PlaylistPayload) -> PlaylistResult:
        entries = []
        for number in range(1, min(_ENTRIES, payload.max_entries) + 1):
            asset = keys.asset_id_for(job.job_id, self._table_id, str(number))
            url = f"{payload.url}#{number}"
            source = IngestPayload.model_validate({"sourceType": "url", "url": url})
            made = await self._ingest(asset, source)
            fields = {name: getattr(made, name) for name in IngestResult.model_fields}
            entries.append(PlaylistOutcome(url=url, title=f"Entry {number}", status=JobStatus.COMPLETE, **fields))
        return PlaylistResult(entries=tuple(entries))

    async def _check(self, recipe: Recipe) -> None:
        """That every source is there, and as long as its clips need."""
        for index, clip in enumerate(recipe.clips):
            await self._check_clip(clip, recipe.name_of(index))

    async def _check_clip(self, clip: Clip, name: str) -> None:
        asset = str(clip.source_asset_id)
        content = await self._storage.read_or_none(keys.metadata(asset))
        described = parse_asset(content) if content else None
        if described is None:
            raise PermanentError(
                ErrorKind.SOURCE_MISSING, f"{name}: its source {UUID(asset)} is not in storage; ingest it first."
            )
        audio = described.audio
        facts = MediaFacts(
            frames=round(audio.duration * audio.sample_rate),
            sample_rate=audio.sample_rate,
            channels=audio.channels,
            codec=audio.codec,
            format=audio.format,
            stream_index=0,
            starts_at_zero=True,
            size=0,
            version="",
        )
        fit_clip(clip, name, facts)
