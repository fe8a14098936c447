"""Status and stage of a job."""

from enum import StrEnum


class JobStatus(StrEnum):
    """The `status` column. Final states never change.

    pending -> processing -> complete | failed | cancelled, and pending -> cancelled.
    """

    PENDING = "pending"  # a web app asked; no bridge has claimed it yet
    PROCESSING = "processing"  # claimed: a workflow runs it, or is about to
    COMPLETE = "complete"  # final: `result` holds the outcome
    FAILED = "failed"  # final: `error` says why, in one sentence
    CANCELLED = "cancelled"  # final: asked for by the app or an operator; acknowledged once `stage` is NULL

    @classmethod
    def _missing_(cls, value: object) -> "JobStatus | None":
        """Another program's word for a status: kept as it is, equal to no member, and not final."""
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_, unknown._value_ = "UNKNOWN", value
        return unknown

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATUSES


FINAL_STATUSES = frozenset({JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED})


class Stage(StrEnum):
    """The `stage` column: what a processing job is doing. Each job type passes through some of these, in its order."""

    QUEUED = "queued"  # claimed, waiting for a worker
    EXPANDING = "expanding"  # asking a list for its entries
    INGESTING = "ingesting"  # running one ingest per entry of a list
    DOWNLOADING = "downloading"  # fetching the source into our storage or the worker's cache
    ANALYZING = "analyzing"  # decoding: duration, peaks, picture
    NORMALIZING = "normalizing"  # measuring loudness
    RENDERING = "rendering"  # encoding the output
    UPLOADING = "uploading"  # storing the output
    FINALIZING = "finalizing"  # writing the commit mark
    DELETING = "deleting"  # removing assets
