"""`ingest`: bring a source into storage and describe it."""

from enum import StrEnum
from typing import Final, Self

from pydantic import Field, ValidationInfo, model_validator

from audioprep.jobs import keys
from audioprep.jobs.models import WireModel
from audioprep.jobs.payload import JobPayload, is_from_row
from audioprep.jobs.redaction import scrub
from audioprep.jobs.urls import name_of, parse_url, shown_url
from audioprep.jobs.wording import code, codes, shown

_FILES: Final = ("original.*", "peaks.json", "waveform.png", "metadata.json")


class SourceType(StrEnum):
    YOUTUBE = "youtube"
    URL = "url"
    AUDIO_FILE = "audio_file"
    VIDEO_FILE = "video_file"

    @property
    def is_remote(self) -> bool:
        return self in (SourceType.YOUTUBE, SourceType.URL)


class IngestPayload(JobPayload):
    """`metadata` of an ingest row. A remote source needs `url`, an uploaded one `storageKey`."""

    source_type: SourceType
    url: str | None = Field(default=None, max_length=4096)
    rights_attested: bool = False
    storage_key: str | None = Field(default=None, max_length=1024)
    original_filename: str | None = Field(default=None, max_length=1024)

    @model_validator(mode="after")
    def _source_is_named(self, info: ValidationInfo) -> Self:
        if self.source_type.is_remote and not self.url:
            raise ValueError(f"sourceType {self.source_type.value} needs url")
        if not self.source_type.is_remote and not self.storage_key:
            raise ValueError(f"sourceType {self.source_type.value} needs storageKey")
        if self.source_type.is_remote and self.url and is_from_row(info):
            parse_url(self.url)
        return self

    @property
    def summary(self) -> str:
        """One line for people: the source and its name."""
        source = name_of(self.url or "") if self.source_type.is_remote else (self.storage_key or "").rsplit("/", 1)[-1]
        return f"{self.source_type.value} · {shown(scrub(self.original_filename or '') or source)}"

    def facts(self, job_id: str) -> dict[str, str]:
        """Markdown by name: the source without what may be secret in its URL, and the files of the asset."""
        asset = keys.asset_id_for(job_id)
        source = shown_url(self.url or "") if self.source_type.is_remote else scrub(self.storage_key or "")
        return {
            "source": f"{self.source_type.value}, {code(source)}",
            "files": f"in {code(keys.asset_folder(asset))}: {codes(*_FILES)}",
        }


class AudioMetadata(WireModel):
    """What `metadata.json` and the result say of an asset."""

    duration: float = Field(description="seconds, counted from the decoded samples")
    sample_rate: int = Field(description="hertz")
    channels: int
    codec: str
    format: str
    original_filename: str


class IngestResult(WireModel):
    asset_id: str
    metadata: AudioMetadata
