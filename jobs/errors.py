"""Job errors: transient and permanent, a closed list of kinds, and the result of a failed row."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Final

from pydantic import Field
from temporalio.exceptions import ApplicationError

from audioprep.jobs.payload import WireModel
from audioprep.jobs.text.redaction import sentence_of

TIMEOUT_SENTENCE: Final = "Timeout: job exceeded processing time limit"  # the web app's own worker says the same

SUPERSEDED_SENTENCE: Final = "A newer request took the place of this one."


class ErrorKind(StrEnum):
    """The cause, for retry decisions, metrics and support: a closed list.

    Travels as the failure's `type`, and is `result.error.kind` of a failed row.
    """

    INVALID_PAYLOAD = "InvalidPayload"  # the row's metadata does not fit its type
    SOURCE_MISSING = "SourceMissing"  # the storage key or URL names nothing
    UNSUPPORTED_MEDIA = "UnsupportedMedia"  # not audio, or in no form we read
    LIMIT_EXCEEDED = "LimitExceeded"  # larger or longer than the limits
    REFUSED = "Refused"  # private, removed, blocked, wrong credentials
    BOT_CHECK = "BotCheck"  # the site takes this server for a bot: all of its recordings are out of reach
    SITE_LIMIT = "SiteLimit"  # the site has had enough requests from this server: none for up to an hour
    SITE_CHANGED = "SiteChanged"  # the site answers in a way that yt-dlp, as it is, cannot use
    EXIT_FAILED = "ExitFailed"  # the operator's outbound proxy for the site is away or refuses the worker
    TIMED_OUT = "TimedOut"  # the job's time is up
    STALLED = "Stalled"  # a child process stopped making progress
    NETWORK = "Network"  # reset, refused, DNS, 408, 425, 429, 5xx
    STORAGE = "Storage"  # the object store or the disk did not answer as it should
    CHILD_FAILED = "ChildFailed"  # ffmpeg or yt-dlp died of something that may pass
    SITE_BUSY = "SiteBusy"  # a site has as many visits of ours as it may: the step waits for its turn
    WORKER_SHUTDOWN = "WorkerShutdown"  # the worker is going down and hands its step over
    INVALID_RESULT = "InvalidResult"  # the workflow completed with something that is not JSON
    TERMINATED = "Terminated"  # an operator terminated the workflow
    SUPERSEDED = "Superseded"  # a newer row of the same key took this one's place: it is cancelled, not failed
    LOST = "Lost"  # neither a workflow nor another program has reported on the row for as long as its type may take
    UNEXPECTED = "Unexpected"  # an error that no code foresaw, or a kind of its own from another package's worker

    @property
    def may_pass(self) -> bool:
        """Whether the same job, asked for again, may succeed without a change of its row or source."""
        return self in _MAY_PASS


_MAY_PASS: Final = frozenset(
    {
        ErrorKind.BOT_CHECK,
        ErrorKind.SITE_LIMIT,
        ErrorKind.SITE_CHANGED,
        ErrorKind.EXIT_FAILED,
        ErrorKind.TIMED_OUT,
        ErrorKind.STALLED,
        ErrorKind.NETWORK,
        ErrorKind.STORAGE,
        ErrorKind.CHILD_FAILED,
        ErrorKind.SITE_BUSY,
        ErrorKind.WORKER_SHUTDOWN,
        ErrorKind.TERMINATED,
        ErrorKind.LOST,
        ErrorKind.UNEXPECTED,
    }
)


class ErrorFacts(WireModel):
    """What a failed row says to programs."""

    kind: ErrorKind
    retryable: bool = Field(description="the same job, asked for again, may succeed without a change to its row")
    attempts: int = Field(ge=0, description="attempts at the step that failed; 0 when no step ran")


class FailedResult(WireModel):
    """`result` of a failed row; `error` holds the sentence for people."""

    error: ErrorFacts
    retried_as: str | None = Field(default=None, description="id of the job by which an operator has asked again")

    def to_json(self) -> str:
        """What is not known is absent."""
        return self.model_dump_json(exclude_none=True)

    @classmethod
    def of(cls, kind: str, attempts: int) -> "FailedResult":
        """A kind outside the list counts as unexpected."""
        known = ErrorKind(kind) if kind in _KINDS else ErrorKind.UNEXPECTED
        return cls(error=ErrorFacts(kind=known, retryable=known.may_pass, attempts=attempts))


_KINDS: Final = frozenset(kind.value for kind in ErrorKind)


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
