"""`ingest`: bring a source into storage and describe it."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias

from pydantic import Field, ValidationInfo, field_validator, model_validator

from audioprep.jobs import keys
from audioprep.jobs.payload import JobPayload, WireModel, is_from_row
from audioprep.jobs.request import MAX_JOB_ID
from audioprep.jobs.text.redaction import scrub
from audioprep.jobs.text.urls import name_of, parse_url, redacted_url
from audioprep.jobs.text.wording import inline_code, inline_codes, shown
from audioprep.jobs.types.asset import AudioMetadata
from audioprep.jobs.types.provenance import SourceType, checked_time

if TYPE_CHECKING:
    from audioprep.jobs.request import JobRequest
__all__ = ["AudioMetadata", "IngestPayload", "IngestResult", "SourceType"]

AudioLanguage: TypeAlias = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")]
"""A language tag such as `de` or `pt-BR`: https://www.rfc-editor.org/rfc/rfc5646"""
LANGUAGE_WISH: Final = "of a recording with several sound tracks, for sourceType youtube; the original's if absent"
_FILES: Final = ("original.*", "peaks.json", "peaks.dat", "waveform.png", "metadata.json")


class PeakChannels(StrEnum):
    """What the outline in `peaks.dat` is of."""

    MIXED = "mixed"  # one channel: their mean
    SPLIT = "split"  # each channel


class IngestPayload(JobPayload):
    """`metadata` of an ingest row. A remote source needs `url`, an uploaded one `storageKey`."""

    source_type: SourceType
    url: str | None = Field(default=None, max_length=4096)
    rights_attested: bool = False
    rights_attested_at: str | None = Field(
        default=None,
        max_length=40,
        description="ISO 8601; if absent and rightsAttested is true, the time of the ingest",
    )
    storage_key: str | None = Field(default=None, max_length=1024)
    original_filename: str | None = Field(default=None, max_length=1024)
    peak_channels: PeakChannels = Field(
        default=PeakChannels.MIXED, description="whether peaks.dat has the mean of the channels, or each of them"
    )
    delete_upload: bool = Field(default=False, description="remove the object under storageKey once the asset is whole")
    playable: bool = Field(
        default=False, description="make a rendition that every browser plays, if the original is none"
    )
    retry_of: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_JOB_ID,
        description="id of a job that failed or was cancelled: its asset id is used again",
    )
    audio_language: AudioLanguage | None = Field(default=None, description=LANGUAGE_WISH)

    @field_validator("rights_attested_at")
    @classmethod
    def _attestation_is_a_time(cls, value: str | None) -> str | None:
        return None if value is None else checked_time(value)

    @model_validator(mode="after")
    def _source_is_named(self, info: ValidationInfo) -> Self:
        if self.source_type.is_remote and not self.url:
            raise ValueError(f"sourceType {self.source_type.value} needs url")
        if not self.source_type.is_remote and not self.storage_key:
            raise ValueError(f"sourceType {self.source_type.value} needs storageKey")
        if self.delete_upload and is_from_row(info):
            self._check_upload()
        if self.source_type.is_remote and self.url and is_from_row(info):
            parse_url(self.url)
        return self

    def _check_upload(self) -> None:
        if self.source_type.is_remote:
            raise ValueError("deleteUpload goes with an uploaded file, not with a url")
        if (self.storage_key or "").startswith(keys.ASSETS):
            raise ValueError(f"deleteUpload removes no object below {keys.ASSETS}")

    @property
    def summary(self) -> str:
        """One line for people: the source and its name."""
        source = name_of(self.url or "") if self.source_type.is_remote else (self.storage_key or "").rsplit("/", 1)[-1]
        return f"{self.source_type.value} · {shown(scrub(self.original_filename or '') or source)}"

    def facts(self, request: "JobRequest[Any]") -> dict[str, str]:
        """Markdown by name: the source without what may be secret in its URL, and the files of the asset."""
        asset = keys.asset_id_for(self.retry_of or request.job_id, request.table_id, request.part)
        source = redacted_url(self.url or "") if self.source_type.is_remote else scrub(self.storage_key or "")
        return {
            "source": f"{self.source_type.value}, {inline_code(source)}",
            "files": f"in {inline_code(keys.asset_folder(asset))}: {inline_codes(*_FILES)}",
        }


class IngestResult(WireModel):
    """What an ingest made. Keys and sizes are null only if the job began under a version that did not tell them."""

    asset_id: str
    metadata: AudioMetadata
    original_key: str | None = None
    peaks_key: str | None = None
    peaks_dat_key: str | None = None
    waveform_key: str | None = None
    content_type: str | None = Field(default=None, description="of the original")
    size: int | None = Field(default=None, alias="bytes", description="of the original")
    bitrate: int | None = Field(default=None, description="bits per second")
    playable_key: str | None = Field(
        default=None,
        exclude_if=lambda key: key is None,
        description="what browsers play, absent unless `playable` asked for it: the original, or a rendition",
    )
