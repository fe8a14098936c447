"""Failures of workflows as sentences for the row."""

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    RetryState,
    TerminatedError,
    TimeoutType,
)
from temporalio.exceptions import TimeoutError as TemporalTimeoutError

from audioprep.bridge.temporal.reading import view_of_failure
from audioprep.bridge.views import Cancelled, Failed
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.text.redaction import sentence_of


def failure(cause: BaseException) -> WorkflowFailureError:
    """A cause as the client delivers it: inside an activity's error, inside the workflow's."""
    activity = ActivityError(
        "Activity task failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="worker",
        activity_type="audioprep.analyze",
        activity_id="1",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    activity.__cause__ = cause
    return WorkflowFailureError(cause=activity)


def timeout(kind: TimeoutType) -> TemporalTimeoutError:
    return TemporalTimeoutError("activity timed out", type=kind, last_heartbeat_details=[])


@pytest.mark.parametrize(
    ("cause", "view"),
    [
        (
            PermanentError(ErrorKind.SOURCE_MISSING, "There is no such thing."),
            Failed("There is no such thing.", "SourceMissing"),
        ),
        (
            ApplicationError("'x'", type="KeyError"),
            Failed("The job failed with KeyError: 'x'", ErrorKind.UNEXPECTED),
        ),
        (
            timeout(TimeoutType.HEARTBEAT),
            Failed("The worker stopped answering while it ran this job.", ErrorKind.TIMED_OUT),
        ),
        (
            timeout(TimeoutType.START_TO_CLOSE),
            Failed("Timeout: job exceeded processing time limit", ErrorKind.TIMED_OUT),
        ),
        (TerminatedError("terminated"), Failed("The workflow was terminated by an operator.", "Terminated")),
        (CancelledError(), Cancelled()),
    ],
)
def test_view_of_failure(cause: BaseException, view: Failed | Cancelled) -> None:
    assert view_of_failure(failure(cause)) == view


def test_a_job_that_no_worker_took_did_not_exceed_its_time() -> None:
    view = view_of_failure(WorkflowFailureError(cause=timeout(TimeoutType.START_TO_CLOSE)), taken=False)

    assert view == Failed("No worker was there to take the job.", ErrorKind.TIMED_OUT)


def test_our_own_sentence_is_shown_and_not_the_library_s_below_it() -> None:
    error = PermanentError(ErrorKind.STORAGE, "Storage failed.")
    error.__cause__ = ApplicationError("OS error 5", type="OSError")

    assert view_of_failure(failure(error)) == Failed("Storage failed.", "Storage")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("one\ntwo", "one"),
        ("GET https://u:secret@host/a failed", "GET https://host/a failed"),
        ("GET https://host/a?X-Amz-Signature=secret&b=1 failed", "GET https://host/a?... failed"),
        ("", ""),
        ("x" * 900, "x" * 500),
    ],
)
def test_messages_are_short_and_carry_no_secrets(message: str, shown: str) -> None:
    assert sentence_of(message) == shown
