"""`playlist`: every recording that a URL lists, each as an asset of its own."""

from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from audioprep.jobs.payload import JobPayload, WireModel, is_from_row
from audioprep.jobs.request import MAX_JOB_ID
from audioprep.jobs.status import JobStatus
from audioprep.jobs.text.urls import name_of, parse_url, redacted_url
from audioprep.jobs.text.wording import inline_code, shown
from audioprep.jobs.types.asset import AudioMetadata
from audioprep.jobs.types.ingest import LANGUAGE_WISH, AudioLanguage
from audioprep.jobs.types.provenance import checked_time

if TYPE_CHECKING:
    from audioprep.jobs.request import JobRequest

DEFAULT_ENTRIES: Final = 50
MAX_ENTRIES: Final = 500  # if the deployment allows as many: what one workflow can hold


class PlaylistPayload(JobPayload):
    """`metadata` of a playlist row. Entries after `maxEntries` are left out."""

    url: str = Field(min_length=1, max_length=4096)
    max_entries: int = Field(default=DEFAULT_ENTRIES, ge=1, le=MAX_ENTRIES)
    audio_language: AudioLanguage | None = Field(default=None, description=LANGUAGE_WISH)
    retry_of: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_JOB_ID,
        description="id of a playlist whose complete entries are taken over; the others are fetched",
    )
    rights_attested: bool = False
    rights_attested_at: str | None = Field(default=None, max_length=40, description="as in an ingest")

    @field_validator("rights_attested_at")
    @classmethod
    def _attestation_is_a_time(cls, value: str | None) -> str | None:
        return None if value is None else checked_time(value)

    @model_validator(mode="after")
    def _url_is_valid(self, info: ValidationInfo) -> Self:
        if is_from_row(info):
            parse_url(self.url)
        return self

    @property
    def summary(self) -> str:
        """One line for people: what the URL calls its list."""
        return shown(name_of(self.url))

    def facts(self, request: "JobRequest[Any]") -> dict[str, str]:
        """Markdown by name: the list, and which workflows its entries are."""
        return {
            "source": inline_code(redacted_url(self.url)),
            "entries": f"at most {self.max_entries}, each a workflow: {inline_code(f'{request.workflow_id}/1')} and on",
        }


class PlaylistItem(WireModel):
    """One recording of the list."""

    url: str
    title: str = ""


class PlaylistOutcome(WireModel):
    """How one entry ended: with an asset as in the result of an ingest, or with an error in one sentence."""

    url: str
    title: str
    status: JobStatus
    asset_id: str | None = None
    metadata: AudioMetadata | None = None
    original_key: str | None = None
    peaks_key: str | None = None
    peaks_dat_key: str | None = None
    waveform_key: str | None = None
    content_type: str | None = None
    size: int | None = Field(default=None, alias="bytes")
    bitrate: int | None = None
    error: str | None = None


class PlaylistResult(WireModel):
    entries: tuple[PlaylistOutcome, ...]
