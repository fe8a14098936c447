"""Handover at graceful shutdown, or for want of a slot: an error on which the workflow reschedules the activity."""

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from audioprep.jobs.errors import ErrorKind


def reschedule_error(kind: ErrorKind, sentence: str, wait: float = 0.0) -> ApplicationError:
    """Not retried by the server, whose timers may fire up to a second late: the workflow goes on by itself.

    Its details are the number of attempts that failed before this one, so that this one uses none up, and the seconds
    to wait before the step is scheduled again.
    """
    return ApplicationError(
        sentence,
        activity.info().attempt - 1,
        wait,
        type=kind.value,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
