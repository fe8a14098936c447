"""Activity interceptor: logs attempts, hands activities over at shutdown, redacts unexpected exceptions."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from audioprep.activities.attempt.handover import reschedule_error
from audioprep.activities.attempt.storage_prefix import prefix_of
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.request import job_id_of
from audioprep.jobs.text.redaction import sentence_of

log = structlog.get_logger()


@contextmanager
def log_attempt() -> Iterator[None]:
    """Everything that is logged in the block has the job, the step and the attempt as well."""
    info = activity.info()
    workflow_id = info.workflow_id or ""
    about = {"job_id": job_id_of(workflow_id), "workflow_id": workflow_id}
    with structlog.contextvars.bound_contextvars(**about, step=info.activity_type, attempt=info.attempt):
        begun = time.monotonic()
        log.info("step_started")
        try:
            yield
        except asyncio.CancelledError:
            log.info("step_cancelled", seconds=_since(begun))
            raise
        except ApplicationError as error:
            if error.type == ErrorKind.WORKER_SHUTDOWN:
                log.info("step_handed_over", seconds=_since(begun))
            else:
                log.warning("step_failed", seconds=_since(begun), kind=error.type, error=error.message)
            raise
        log.info("step_ended", seconds=_since(begun))


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


class StepInterceptor(Interceptor):
    """Gives a step back to its workflow when this worker shuts down, and keeps secrets out of unforeseen failures."""

    def __init__(self, of_workflows: type[WorkflowInboundInterceptor] | None = None) -> None:
        """`of_workflows` is what intercepts the workflows of the same worker."""
        self._of_workflows = of_workflows
        self.running: set[asyncio.Task[Any] | None] = set()
        self.ending: set[asyncio.Task[Any] | None] = set()

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        return self._of_workflows

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Attempt(super().intercept_activity(next), self)

    async def hand_over(self, timeout: float) -> None:
        """Give back all running steps: a worker that the SDK gave up passes no cancellation on to them."""
        steps = {step for step in self.running if step is not None}
        self.ending |= steps
        for step in steps:
            step.cancel()
        if steps:
            await asyncio.wait(steps, timeout=timeout)


class _Attempt(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, steps: StepInterceptor) -> None:  # noqa: A002
        super().__init__(next)
        self._steps = steps

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        task = asyncio.current_task()
        self._steps.running.add(task)
        try:
            with prefix_of(input.headers), log_attempt():
                return await self._attempt(input)
        finally:
            self._steps.running.discard(task)
            self._steps.ending.discard(task)

    async def _attempt(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except asyncio.CancelledError:
            if asyncio.current_task() in self._steps.ending or _is_shutting_down():
                sentence = "The worker is shutting down; another one goes on."
                raise reschedule_error(ErrorKind.WORKER_SHUTDOWN, sentence) from None
            raise
        except ApplicationError:
            raise
        except Exception as error:
            # Retried like a transient one. Without its cause, whose words would go into Temporal's history as they are.
            failure = ApplicationError(sentence_of(str(error)), type=type(error).__name__)
            raise failure.with_traceback(error.__traceback__) from None


def _is_shutting_down() -> bool:
    details = activity.cancellation_details()
    return details is not None and details.worker_shutdown
