"""`tone`: a recording's sample rate and channels."""

from pydantic import Field

from audioprep.jobs.models import WireModel
from audioprep.jobs.payload import JobPayload


class TonePayload(JobPayload):
    """`metadata` of a tone row."""

    storage_key: str = Field(max_length=1024)


class ToneResult(WireModel):
    sample_rate: int = Field(description="hertz")
    channels: int
