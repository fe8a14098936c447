"""What the bridge hands to a workflow: one validated job."""

from typing import Generic, TypeVar

from pydantic import Field

from audioprep.jobs.models import WireModel

P = TypeVar("P")

WORKFLOW_ID_PREFIX = "audioprep-"


class JobRequest(WireModel, Generic[P]):
    """The single argument of every job workflow, in any language: `{jobId, type, payload, timeoutSeconds, ...}`.

    `cancelled` marks a workflow that only takes the job's id, so that no later start can run it: it must close at once
    as cancelled. Its payload is null.
    """

    job_id: str
    type: str
    payload: P | None
    timeout_seconds: float = Field(default=600, gt=0)
    max_attempts: int = Field(default=3, ge=1, description="tries of one step before the job fails")
    first_delay_seconds: float = Field(default=1, gt=0, description="before the second try; doubled each time")
    last_delay_seconds: float = Field(default=60, gt=0, description="longest wait between two tries")
    cancelled: bool = False


def workflow_id_for(job_id: str) -> str:
    return WORKFLOW_ID_PREFIX + job_id


def job_id_of(workflow_id: str) -> str:
    """The other way round; a workflow that is not a job's keeps its id."""
    return workflow_id.removeprefix(WORKFLOW_ID_PREFIX)
