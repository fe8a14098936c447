"""What a running job says of itself: the heartbeat details of an activity, and the memo of a workflow.

The bridge reads these two, whatever language the worker is written in:
  memo `stage` (text) and `progress` (0..100)     set by the workflow
  heartbeat details `{stage, progress}`           set by its pending activity; wins while there is one
"""

from typing import Final

from pydantic import Field

from audioprep.jobs.models import WireModel

MEMO_JOB_ID: Final = "jobId"
MEMO_TYPE: Final = "type"
MEMO_HOME: Final = "home"  # the task queue of the bridge that started the workflow: whose job it is
MEMO_STAGE: Final = "stage"
MEMO_PROGRESS: Final = "progress"


class StepProgress(WireModel):
    """Heartbeat details. `progress` is 0..100 within `stage`, 0 when unknown; without a stage, it is the memo's."""

    stage: str = ""
    progress: float = Field(default=0.0, ge=0.0, le=100.0)
