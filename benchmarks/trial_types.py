"""Job types made for measuring: the product does not know them."""

from typing import Final

from audioprep.jobs.models import WireModel
from audioprep.jobs.registry import JobType, JobTypes
from audioprep.jobs.status import Stage


class TrialPayload(WireModel):
    """`seconds` is how long the one step lasts, `beat` the seconds between two of its heartbeats."""

    seconds: float = 0.0
    beat: float = 1.0

    @property
    def summary(self) -> str:
        return f"{self.seconds:g} s of nothing"


TRIAL: Final = JobType(
    name="trial", workflow="BenchmarkTrial", payload=TrialPayload, stages=(Stage.QUEUED, Stage.DOWNLOADING)
)
TRIAL_TYPES: Final = JobTypes([TRIAL])
