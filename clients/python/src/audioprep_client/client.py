"""The jobs table as an app uses it: ask, follow, cancel, ask again."""

import json
import urllib.request
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, overload

from audioprep_client.database import Connection, change, rows
from audioprep_client.generated import (
    JOB_TYPES,
    DeleteMetadata,
    IngestMetadata,
    PlaylistMetadata,
    PreviewMetadata,
    SaveMetadata,
)
from audioprep_client.job import COLUMNS, Job, QueuePlace, job_of
from audioprep_client.queue import queue_place
from audioprep_client.recipe import check_recipe
from audioprep_client.wait import poll

_WAKE_SECONDS: Final = 2.0
_INSERT: Final = (
    "INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)"
    " VALUES (?, ?, 'pending', ?, ?, ?) ON CONFLICT DO NOTHING"
)
_CANCEL: Final = (
    "UPDATE audio_prep_jobs SET status = 'cancelled', updatedAt = ?"
    " WHERE jobId = ? AND status IN ('pending', 'processing')"
)
_RETRY: Final = (
    "INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)"
    " SELECT ?, type, 'pending', json_set(metadata, '$.retryOf', jobId), ?, ? FROM audio_prep_jobs"
    " WHERE jobId = ? AND (status = 'failed' OR (status = 'cancelled' AND stage IS NULL)) AND json_valid(metadata)"
)


class JobExists(ValueError):
    """The job's id, or the uniqueKey of its metadata, is taken."""


class JobNotFound(LookupError):
    """There is no job with this id."""


class Audioprep:
    """A client on the app's own open connection to the database.

    `wake_url` is the bridge's `/wake`, `wake_secret` its `AUDIOPREP_WAKE_SECRET`: without them a new row waits for the
    bridge's next poll.
    """

    def __init__(self, connection: Connection, *, wake_url: str | None = None, wake_secret: str | None = None) -> None:
        self._connection = connection
        self._wake_url = wake_url
        self._wake_secret = wake_secret

    @overload
    def create_job(self, job_type: Literal["ingest"], metadata: IngestMetadata, *, job_id: str | None = ...) -> str: ...
    @overload
    def create_job(
        self, job_type: Literal["preview", "edit"], metadata: PreviewMetadata, *, job_id: str | None = ...
    ) -> str: ...
    @overload
    def create_job(self, job_type: Literal["save"], metadata: SaveMetadata, *, job_id: str | None = ...) -> str: ...
    @overload
    def create_job(
        self, job_type: Literal["playlist"], metadata: PlaylistMetadata, *, job_id: str | None = ...
    ) -> str: ...
    @overload
    def create_job(self, job_type: Literal["delete"], metadata: DeleteMetadata, *, job_id: str | None = ...) -> str: ...
    def create_job(self, job_type: str, metadata: Mapping[str, Any], *, job_id: str | None = None) -> str:
        """Ask for a job; returns its id. Raises RecipeError for a recipe that a bridge would refuse, JobExists.

        Never let a browser choose `job_id`: it names the asset that is made.
        """
        if job_type not in JOB_TYPES:
            raise ValueError(f"There is no job type {job_type}.")
        if "recipe" in metadata:
            check_recipe(metadata["recipe"])
        chosen, at = job_id or str(uuid.uuid4()), _now()
        if change(self._connection, _INSERT, chosen, job_type, json.dumps(metadata), at, at) != 1:
            raise JobExists("A job with this id, or an active one with this uniqueKey, is there already.")
        self.wake()
        return chosen

    def get_job(self, job_id: str) -> Job | None:
        """One row read."""
        found = rows(self._connection, f"SELECT {COLUMNS} FROM audio_prep_jobs WHERE jobId = ?", job_id)
        self._connection.commit()  # ends the read: the next one sees what the bridge wrote meanwhile
        return job_of(found[0]) if found else None

    def watch_job(
        self, job_id: str, *, first: float = 0.5, longest: float = 5.0, timeout: float | None = None
    ) -> Iterator[Job]:
        """The job now and at each change, until it has ended; nothing if there is no such job. Raises WaitTimeout."""
        wait = {"first": first, "longest": longest, "timeout": timeout}
        return poll(lambda: self.get_job(job_id), lambda job: job.is_ended, **wait)  # type: ignore[arg-type]

    def wait_for_job(
        self, job_id: str, *, first: float = 0.5, longest: float = 5.0, timeout: float | None = None
    ) -> Job:
        """The job once it has ended, also in failure. Raises WaitTimeout, and JobNotFound."""
        last = _last(self.watch_job(job_id, first=first, longest=longest, timeout=timeout))
        if last is None or not last.is_ended:
            raise JobNotFound(f"There is no job {job_id}.")
        return last

    def cancel_job(self, job_id: str) -> bool:
        """False when the job had ended already. Something may run until `acknowledged`."""
        return change(self._connection, _CANCEL, _now(), job_id) == 1

    def acknowledged(self, job_id: str, *, timeout: float | None = None) -> bool:
        """Wait until nothing runs any more for a cancelled job. False if it ended in another way, or is gone."""

        def ends(job: Job) -> bool:
            return job.is_acknowledged or job.status in ("complete", "failed")

        last = _last(poll(lambda: self.get_job(job_id), ends, first=0.2, longest=5.0, timeout=timeout))
        return last is not None and last.is_acknowledged

    def queue_place(self, job_id: str) -> QueuePlace | None:
        """How many jobs wait in front of this one, and about how long it will take to begin."""
        place = queue_place(self._connection, job_id)
        self._connection.commit()
        return place

    def retry_job(self, job_id: str) -> str | None:
        """A new job that asks for the same as one that failed or was cancelled; None for any other."""
        chosen, at = str(uuid.uuid4()), _now()
        if change(self._connection, _RETRY, chosen, at, at, job_id) != 1:
            return None
        self.wake()
        return chosen

    def wake(self) -> bool:
        """Have the bridge look for new rows at once. False if it did not answer: its next poll finds the row."""
        if not self._wake_url:
            return False
        headers = {"X-Audioprep-Wake": self._wake_secret} if self._wake_secret else {}
        request = urllib.request.Request(self._wake_url, method="POST", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=_WAKE_SECONDS):
                return True
        except OSError:
            return False


def _last(updates: Iterator[Job]) -> Job | None:
    return next(iter(deque(updates, maxlen=1)), None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
