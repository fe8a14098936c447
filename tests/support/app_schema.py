"""The web app's schema of `metadata.json`, as strict as it can be: optional fields may be absent, never null."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Uuid = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
LogEntry = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(min_length=1)]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, alias_generator=to_camel)


class Audio(Strict):
    duration: Annotated[float, Field(gt=0)]
    sample_rate: Annotated[int, Field(gt=0)]
    channels: Annotated[int, Field(gt=0)]
    codec: Text
    bitrate: Annotated[int, Field(gt=0)]
    format: Text


class Provenance(Strict):
    source_type: Literal["youtube", "video_file", "audio_file", "url"]
    source_url: Text = ""
    source_video_id: Text = ""
    rights_attested_at: LogEntry = ""
    original_filename: Text = ""


class AssetMetadata(Strict):
    """`media` is audioprep's own, beside what the app has."""

    asset_id: Uuid
    created_at: LogEntry
    updated_at: LogEntry
    audio: Audio
    provenance: Provenance
    source_hash: Hash = ""
    original_filename: Text = ""
    media: dict[str, Any]


class ResultMetadata(Strict):
    """The six fields."""

    duration: Annotated[float, Field(gt=0)]
    sample_rate: int
    channels: int
    codec: Text
    format: Text
    original_filename: Text


class IngestResult(Strict):
    asset_id: Uuid
    metadata: ResultMetadata
    original_key: Text
    peaks_key: Text
    peaks_dat_key: Text
    waveform_key: Text
    content_type: Text
    size: Annotated[int, Field(gt=0, alias="bytes")]
    bitrate: Annotated[int, Field(gt=0)]
