"""Inputs and results of an ingest's activities, as Temporal's histories keep them."""

from datetime import datetime

from pydantic import Field

from audioprep.jobs import keys
from audioprep.jobs.payload import WireModel
from audioprep.jobs.timestamps import to_text
from audioprep.jobs.types.asset import AssetAudio, AssetMetadata, AudioMetadata, MediaFacts
from audioprep.jobs.types.ingest import IngestPayload, IngestResult, SourceType
from audioprep.jobs.types.provenance import Provenance, source_url_of
from audioprep.jobs.types.silence import SilentEnds
from audioprep.jobs.types.tags import AssetTags


class FetchSourceInput(WireModel):
    """Which source to bring into which asset."""

    asset_id: str
    source: IngestPayload


class Original(WireModel):
    """An asset's original file in storage, and the name its owner gave it."""

    asset_id: str
    key: str
    original_filename: str
    content_type: str | None = None
    source_hash: str | None = None
    source_id: str | None = Field(default=None, description="the site's own id of the recording")
    upload_version: str | None = Field(default=None, description="ETag of the upload that it was made from")
    tags: AssetTags | None = None
    playable: bool = Field(default=False, description="whether the row asks for a file that browsers play")
    split_peaks: bool = Field(default=False, description="whether peaks.dat has each channel")
    said_duration: float | None = Field(default=None, description="seconds, by the site's word")

    def result(self, analysis: "Analysis") -> IngestResult:
        """What the row says of the asset."""
        return IngestResult(
            asset_id=self.asset_id,
            metadata=AudioMetadata(**{name: getattr(analysis, name) for name in AudioMetadata.model_fields}),
            original_key=self.key,
            peaks_key=keys.peaks(self.asset_id),
            peaks_dat_key=analysis.peaks_dat_key,
            waveform_key=keys.waveform(self.asset_id),
            content_type=self.content_type,
            size=analysis.media.size if analysis.media else None,
            bitrate=analysis.bitrate,
            playable_key=analysis.playable_key,
        )


class Analysis(AudioMetadata):
    """What one decode of the original found."""

    bitrate: int = 0
    media: MediaFacts | None = None
    playable_key: str | None = None
    peaks_dat_key: str | None = None
    silence: SilentEnds | None = None


class PublishAssetInput(WireModel):
    """The parts of `metadata.json`. `began` is when the job began, by its workflow: the same for every attempt.

    All but the first two are null only if the step was scheduled by an earlier version.
    """

    asset_id: str
    metadata: Analysis
    original: Original | None = None
    source: IngestPayload | None = None
    began: datetime | None = None

    def description(self, created_at: str | None, now: datetime) -> AssetMetadata:
        """`metadata.json`; `created_at` is that of an asset which is ingested anew."""
        name = self.metadata.original_filename
        return AssetMetadata(
            asset_id=self.asset_id,
            created_at=created_at or to_text(self.began or now),
            updated_at=to_text(now),
            audio=AssetAudio(**{field: getattr(self.metadata, field) for field in AssetAudio.model_fields}),
            provenance=self._provenance(to_text(self.began or now)),
            original_filename=name,
            source_hash=self.original.source_hash if self.original else None,
            tags=self.original.tags if self.original else None,
            silence=self.metadata.silence,
            media=self.metadata.media,
        )

    def _provenance(self, began: str) -> Provenance:
        name = self.metadata.original_filename
        if self.source is None:
            return Provenance(source_type=SourceType.AUDIO_FILE, original_filename=name)
        return Provenance(
            source_type=self.source.source_type,
            source_url=source_url_of(self.source.url or "") if self.source.source_type.is_remote else None,
            source_video_id=self.original.source_id if self.original else None,
            rights_attested_at=self.source.rights_attested_at or (began if self.source.rights_attested else None),
            original_filename=name,
        )
