"""Progress of a running job: what a worker reports within a stage, and what that is of the whole job.

The bridge reads these two, whatever language the worker is written in:
  memo `stage` (text) and `progress` (0..100)     set by the workflow
  heartbeat details `{stage, progress}`           set by its pending activity; wins while there is one
"""

from collections.abc import Mapping
from itertools import takewhile
from typing import Final

from pydantic import Field

from audioprep.jobs.payload import WireModel

MEMO_JOB_ID: Final = "jobId"
MEMO_TYPE: Final = "type"
MEMO_HOME: Final = "home"  # the task queue of the bridge that started the workflow: whose job it is
MEMO_STAGE: Final = "stage"
MEMO_PROGRESS: Final = "progress"


class StepProgress(WireModel):
    """Heartbeat details. `progress` is 0..100 within `stage`, 0 when unknown; without a stage, it is the memo's."""

    stage: str = ""
    progress: float = Field(default=0.0, ge=0.0, le=100.0)


def whole_progress(shares: Mapping[str, float], stage: str, within: float) -> float:
    """Progress of the whole job, 0..100, from the progress `within` a stage, which is a share of it.

    `shares` has the job type's stages in order; any unit will do. Without shares `within` counts for the whole job
    already. A stage that has no share adds nothing.
    """
    if not shares:
        return within
    if stage not in shares:
        return 0.0
    before = sum(shares[earlier] for earlier in takewhile(lambda name: name != stage, shares))
    return round((before * 100 + shares[stage] * within) / sum(shares.values()), 1)
