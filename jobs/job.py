"""A job as the web app sees it: one row of `audio_prep_jobs`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audioprep.jobs.status import JobStatus, Stage


@dataclass(frozen=True, slots=True)
class Job:
    """One row. `stage` is NULL while pending and after an acknowledged cancel; `progress` is 0..100 of the job.

    `stage` is plain text, since another program's row may hold a word of its own.
    `metadata` and `result` are the columns' raw JSON text; None also stands for a column that was not read, since polls
    leave both out, and lists the large ones.
    """

    job_id: str
    type: str
    status: JobStatus
    progress: float
    stage: str | None
    metadata: str | None
    result: str | None
    error: str | None
    retry_count: int
    created_at: str
    updated_at: str

    @property
    def is_queued(self) -> bool:
        """Claimed, and nothing has run for it yet."""
        return self.status is JobStatus.PROCESSING and self.stage == Stage.QUEUED

    @property
    def cancel_requested(self) -> bool:
        """Cancelled by the web app and not acknowledged yet."""
        return self.status is JobStatus.CANCELLED and self.stage is not None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a web app writes to ask for a job."""

    job_id: str
    type: str
    metadata: dict[str, Any]
    created_at: datetime
