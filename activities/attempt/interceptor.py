"""How an attempt at a step ends when not in one of its own ways: the worker shuts down, or a fault nobody foresaw."""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from audioprep.activities.attempt.handover import given_back
from audioprep.activities.attempt.log import told
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.redaction import sentence_of


class StepInterceptor(Interceptor):
    """Gives a step back to its workflow when this worker shuts down, and keeps secrets out of unforeseen failures."""

    def __init__(self) -> None:
        self.running: set[asyncio.Task[Any] | None] = set()
        self.ending: set[asyncio.Task[Any] | None] = set()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Attempt(super().intercept_activity(next), self)

    async def give_back(self, timeout: float) -> None:
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

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's own name
        task = asyncio.current_task()
        self._steps.running.add(task)
        try:
            with told():
                return await self._attempt(input)
        finally:
            self._steps.running.discard(task)
            self._steps.ending.discard(task)

    async def _attempt(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's own name
        try:
            return await super().execute_activity(input)
        except asyncio.CancelledError:
            if asyncio.current_task() in self._steps.ending or _is_shutting_down():
                sentence = "The worker is shutting down; another one goes on."
                raise given_back(ErrorKind.WORKER_SHUTDOWN, sentence) from None
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
