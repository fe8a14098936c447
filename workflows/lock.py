"""Lock (mutex) by name, held by a child workflow: of all workflows that want to do the same work, one does it."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy


@workflow.defn(name="AudioprepTurn")
class Lock:
    """Holds a name, its workflow id, for as long as its parent wants it.

    Why a child workflow, and not a lock in storage: Temporal lets an id run once at a time, and ends the child when the
    parent closes in whatever way: done, failed, cancelled, timed out, terminated. So there is no lease to renew and
    no clock to compare, a crashed worker gives nothing away (its step is retried within the same parent), and a
    cancelled job frees the name for those who wait without touching what they do.
    """

    def __init__(self) -> None:
        self._released = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._released)

    @workflow.signal
    def release(self) -> None:
        self._released = True


LockHandle = ChildWorkflowHandle[Lock, None]


async def acquire(name: str, at_most: timedelta, summary: str) -> LockHandle | None:
    """Acquire the lock `name`; None while another workflow holds it. `at_most` is its execution timeout, a backstop."""
    try:
        return await workflow.start_child_workflow(
            Lock.run,
            id=name,
            parent_close_policy=ParentClosePolicy.TERMINATE,
            execution_timeout=at_most,
            static_summary=summary,
            static_details="The job that holds this lock renders, the others wait for the result.",
        )
    except WorkflowAlreadyStartedError:
        return None


async def release(lock: LockHandle) -> None:
    """Release the lock; no error if its holder has closed."""
    with suppress(FailureError):
        await lock.signal(Lock.release)
        await lock
