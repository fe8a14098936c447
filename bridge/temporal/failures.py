"""A workflow's failure as one sentence for the row."""

from temporalio import exceptions
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TerminatedError, TimeoutType

from audioprep.bridge.views import Cancelled, Failed
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.redaction import sentence_of

_KINDS = frozenset(kind.value for kind in ErrorKind)
_EXHAUSTED = (RetryState.MAXIMUM_ATTEMPTS_REACHED,)
_NO_WORKER = "No worker was there to take the job."
_TIMEOUTS = {
    TimeoutType.HEARTBEAT: "The worker stopped answering while it ran this job.",
    TimeoutType.SCHEDULE_TO_START: _NO_WORKER,
}


def view_of_failure(failure: WorkflowFailureError, *, taken: bool = True) -> Failed | Cancelled:
    """What a workflow that did not complete says to the row's owner. `taken` says that a worker began with it."""
    cause: BaseException = failure
    exhausted = False
    while cause.__cause__ is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
        exhausted |= isinstance(cause, ActivityError) and cause.retry_state in _EXHAUSTED
    match cause:
        case ApplicationError(type=kind) if kind in _KINDS:
            return Failed(sentence_of(cause.message), str(kind), exhausted=exhausted)
        case ApplicationError(type=kind):
            sentence = sentence_of(f"The job failed with {kind or 'an error'}: {cause.message}")
            return Failed(sentence, ErrorKind.UNEXPECTED, exhausted=exhausted)
        case exceptions.TimeoutError() if not taken:
            return Failed(_NO_WORKER, ErrorKind.TIMED_OUT)
        case exceptions.TimeoutError(type=kind) if kind in _TIMEOUTS:
            return Failed(_TIMEOUTS[kind], ErrorKind.TIMED_OUT, exhausted=exhausted)
        case exceptions.TimeoutError():
            return Failed("Timeout: job exceeded processing time limit", ErrorKind.TIMED_OUT)
        case TerminatedError():
            return Failed("The workflow was terminated by an operator.", ErrorKind.TERMINATED)
        case _:
            return Cancelled()
