"""A row of the table as a typed job."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from audioprep_client.generated import FINAL_STATUSES, ErrorFacts, JobStatus

COLUMNS: Final = "jobId, type, status, stage, progress, result, error, retryCount, createdAt, updatedAt"
_UNKNOWN: Final[ErrorFacts] = {"kind": "Unexpected", "retryable": True, "attempts": 0}


@dataclass(frozen=True, slots=True)
class Job:
    """One row. `error` is one sentence for people.

    `result` is that of a complete job, as its type has it (`IngestResult` and so on), `failure` that of a failed one,
    and of one that a newer job superseded.
    """

    id: str
    type: str
    status: JobStatus
    stage: str | None
    progress: float
    result: Any
    error: str | None
    failure: ErrorFacts | None
    retry_count: int
    created_at: str
    updated_at: str
    polls: int = field(default=1, compare=False)  # rows that the wait has read so far, one for each poll

    @property
    def is_ended(self) -> bool:
        return self.status in FINAL_STATUSES

    @property
    def is_acknowledged(self) -> bool:
        """Cancelled, and nothing runs for it any more."""
        return self.status == "cancelled" and self.stage is None


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """How many jobs wait in front, counted up to 1,000, and about how many seconds until this one begins, if known."""

    ahead: int
    seconds: float | None


def job_of(row: Sequence[Any]) -> Job:
    """What other programs may have left in the wrong form is read as nothing."""
    job_id, kind, status, stage, progress, text, error, retries, created, updated = row
    result = _parsed(text)
    facts = result.get("error") if isinstance(result, dict) else None
    return Job(
        id=job_id,
        type=kind,
        status=status,
        stage=stage,
        progress=float(progress or 0),
        result=result if status == "complete" else None,
        error=None if status == "complete" else error,
        failure=facts or _UNKNOWN if status == "failed" else facts if status == "cancelled" else None,
        retry_count=int(retries or 0),
        created_at=created,
        updated_at=updated,
    )


def _parsed(text: object) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
