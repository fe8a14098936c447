"""`metadata.json`: the description of one asset, as the web app reads it. Pure."""

from typing import Any, Final

from pydantic import Field, ValidationError, model_validator

from audioprep.jobs.payload import WireModel
from audioprep.jobs.types.provenance import Provenance, SourceType
from audioprep.jobs.types.silence import SilentEnds
from audioprep.jobs.types.tags import AssetTags

_FLAT: Final = frozenset({"duration", "sampleRate", "channels", "codec", "format"})
_MAX_RATE: Final = 1_000_000  # hertz
_MAX_CHANNELS: Final = 64


class AudioMetadata(WireModel):
    """`result.metadata` of an ingest: what a player shows of the audio."""

    duration: float = Field(description="seconds, counted from the decoded samples")
    sample_rate: int = Field(description="hertz")
    channels: int
    codec: str
    format: str
    original_filename: str


class AssetAudio(WireModel):
    """`audio` of `metadata.json`. The worker that audioprep replaces wrote the container's word as `duration`."""

    duration: float = Field(description="seconds, counted from the decoded samples")
    sample_rate: int = Field(description="hertz")
    channels: int
    codec: str
    bitrate: int = Field(default=0, description="bits per second of the file, 0 if unknown")
    format: str


class WorkingCopy(WireModel):
    """`work.flac`: an original that is not plain, brought to one form and one clock. Clips are cut from it."""

    size: int = Field(alias="bytes", ge=0)
    version: str = Field(description="the object's ETag")


class MediaFacts(WireModel):
    """Facts for sample-exact cutting, found by one decode of an original: `media` of `metadata.json`, or `media.json`.

    `bytes` and `version` name the object that was decoded: facts about another one are not believed. `frames`,
    `sampleRate` and `channels` are those of what clips are cut from: of the working copy where there is one.
    """

    frames: int = Field(ge=0, description="decoded samples of one channel")
    sample_rate: int = Field(gt=0, le=_MAX_RATE)
    channels: int = Field(gt=0, le=_MAX_CHANNELS)
    codec: str
    format: str = Field(description="the demuxer, as ffprobe names it")
    stream_index: int = Field(ge=0)
    starts_at_zero: bool = Field(description="times in the stream are times in the file")
    size: int = Field(alias="bytes", ge=0)
    version: str = Field(description="the object's ETag")
    layout: str | None = Field(
        default=None,
        description="the declared channel layout, empty if there is none; absent in facts of earlier versions",
    )
    exact: bool = Field(default=False, description="timestamps are those of the samples: a seek may go by them")
    work: WorkingCopy | None = None

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate

    def describe(self, size: int, version: str) -> bool:
        """Whether these are the facts of the object with this size and ETag, and all of them.

        Earlier versions did not know whether an original is plain: it is decoded once more.
        """
        return self.layout is not None and (self.size, self.version) == (size, version)


class AssetMetadata(WireModel):
    """`metadata.json`. Optional fields are absent, not null, when they are unknown.

    Reads three forms: this one; the same without `media`, from the worker that audioprep replaces; and the flat one of
    earlier versions, which had the fields of `result.metadata` at the top.
    """

    asset_id: str
    created_at: str = Field(description="ISO 8601, UTC, milliseconds, Z: of the first ingest")
    updated_at: str
    audio: AssetAudio
    provenance: Provenance
    original_filename: str | None = None
    source_hash: str | None = Field(default=None, description="SHA-256 of the source as it was fetched, hexadecimal")
    tags: AssetTags | None = None
    silence: SilentEnds | None = None
    media: MediaFacts | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_flat(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "audio" in data or not data.keys() >= _FLAT:
            return data
        unknown = {"assetId": "", "createdAt": "", "updatedAt": "", "provenance": {"sourceType": SourceType.AUDIO_FILE}}
        return {**unknown, "audio": data, "originalFilename": data.get("originalFilename")}

    def to_json(self) -> bytes:
        return self.model_dump_json(indent=2, exclude_none=True).encode()


def parse_asset(content: bytes) -> AssetMetadata | None:
    """`metadata.json` as a model; None if it has none of the known forms."""
    try:
        return AssetMetadata.model_validate_json(content)
    except ValidationError:
        return None


def parse_media(content: bytes) -> MediaFacts | None:
    """`media.json` as a model; None if it cannot be read."""
    try:
        return MediaFacts.model_validate_json(content)
    except ValidationError:
        return None
