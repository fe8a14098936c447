"""`silence-map`: its word, its metadata, its result. All that a bridge needs."""

from pydantic import Field

from audioprep.jobs.payload import JobPayload, WireModel
from audioprep.jobs.registry import JobType
from audioprep.jobs.status import Stage
from audioprep.jobs.text.wording import shown


class SilencePayload(JobPayload):
    """`metadata` of a silence-map row: `{storageKey, thresholdDb?, minSeconds?}`."""

    storage_key: str = Field(max_length=1024)
    threshold_db: float = Field(default=-50, ge=-100, le=0, description="dBFS under which sound counts as silence")
    min_seconds: float = Field(default=0.5, ge=0.05, le=60, description="seconds; shorter ones are left out")

    @property
    def summary(self) -> str:
        return shown(self.storage_key.rsplit("/", 1)[-1])


class Silence(WireModel):
    """From `start` to `end`, in seconds."""

    start: float
    end: float


class SilenceMap(WireModel):
    duration: float = Field(description="seconds, counted from the decoded samples")
    silences: tuple[Silence, ...]


SILENCE_MAP = JobType(
    name="silence-map",
    workflow="SilenceMap",
    payload=SilencePayload,
    result=SilenceMap,
    stages=(Stage.QUEUED, Stage.DOWNLOADING, Stage.ANALYZING),
)
