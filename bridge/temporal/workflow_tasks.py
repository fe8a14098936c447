"""Workflow tasks that fail again and again: how often, and why. A workflow whose task fails does not move."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowExecutionDescription

STUCK_ATTEMPTS: Final = 3  # a worker that died, or was replaced, costs one; this many have a cause that stays
_CAUSE_PREFIX: Final = "WORKFLOW_TASK_FAILED_CAUSE_"


@dataclass(frozen=True, slots=True)
class StuckTask:
    """`attempts` of the workflow task. `cause` is Temporal's own word, `message` one sentence."""

    attempts: int
    cause: str = ""
    message: str = ""


def stuck_task_attempts(description: WorkflowExecutionDescription) -> int:
    """Attempts of the pending workflow task once they are many; 0 while the workflow moves.

    https://docs.temporal.io/workflow-execution/event#workflowtaskfailed
    """
    attempts = description.raw_description.pending_workflow_task.attempt
    return attempts if attempts >= STUCK_ATTEMPTS else 0


def last_task_failure(newest_first: Iterable[HistoryEvent]) -> tuple[str, Failure] | None:
    """Cause and failure of the last failed workflow task. Only its first attempt is in the history."""
    for event in newest_first:
        if event.HasField("workflow_task_failed_event_attributes"):
            failed = event.workflow_task_failed_event_attributes
            return WorkflowTaskFailedCause.Name(failed.cause).removeprefix(_CAUSE_PREFIX), failed.failure
        if event.HasField("workflow_task_timed_out_event_attributes"):
            return "TIMED_OUT", Failure(message="The worker did not answer in time.")
    return None
