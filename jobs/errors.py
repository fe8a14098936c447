"""What can go wrong with a job, split by what Temporal should do about it."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from temporalio.exceptions import ApplicationError

from audioprep.jobs.redaction import sentence_of


class ErrorKind(StrEnum):
    """The cause, for retry decisions, metrics and support. Travels as the failure's `type`."""

    INVALID_PAYLOAD = "InvalidPayload"  # the row's metadata does not fit its type
    SOURCE_MISSING = "SourceMissing"  # the storage key or URL names nothing
    UNSUPPORTED_MEDIA = "UnsupportedMedia"  # not audio, or in no form we read
    LIMIT_EXCEEDED = "LimitExceeded"  # larger or longer than the limits
    REFUSED = "Refused"  # private, removed, blocked, wrong credentials
    BOT_CHECK = "BotCheck"  # the site takes this server for a bot: all of its recordings are out of reach
    TIMED_OUT = "TimedOut"  # the job's time is up
    STALLED = "Stalled"  # a child process stopped making progress
    NETWORK = "Network"  # reset, refused, DNS, 408, 425, 429, 5xx
    STORAGE = "Storage"  # the object store or the disk did not answer as it should
    CHILD_FAILED = "ChildFailed"  # ffmpeg or yt-dlp died of something that may pass
    SITE_BUSY = "SiteBusy"  # a site has as many visits of ours as it may: the step waits for its turn
    WORKER_SHUTDOWN = "WorkerShutdown"  # the worker is going down and hands its step over


class JobError(ApplicationError):
    """Base of everything audioprep raises on purpose about a job. The message is the row's `error`: one sentence.

    It goes into logs and Temporal's history as well, so that secrets are taken out of it here.

    JobError
    |-- TransientError   the same step may work in a moment: Temporal retries it
    `-- PermanentError   it never will: the job fails at once
    """

    retryable: ClassVar[bool]

    def __init__(self, kind: ErrorKind, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(
            sentence_of(message), type=kind.value, non_retryable=not self.retryable, next_retry_delay=retry_after
        )
        self.kind = kind


class TransientError(JobError):
    """Retried with back-off, or after `retry_after` when the other side said so."""

    retryable = True


class PermanentError(JobError):
    """Not retried."""

    retryable = False
