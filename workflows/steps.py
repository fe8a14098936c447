"""Steps of a job workflow: activities with retries, the job's time limit, handover, stages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from audioprep.jobs.errors import TIMEOUT_SENTENCE, ErrorKind, PermanentError
    from audioprep.jobs.progress import MEMO_PROGRESS, MEMO_STAGE
    from audioprep.jobs.request import JobRequest, downloads_queue
    from audioprep.jobs.text.details import summary_of
    from audioprep.jobs.text.hosts import fairness_key_of
    from audioprep.workflows.details import COMPLETE, WorkflowDetails

HEARTBEAT_TIMEOUT = timedelta(seconds=10)
_CLEAN_UP_TIMEOUT = timedelta(seconds=30)
_LONGEST_PAUSE = 10.0  # seconds between two tries to get a turn at a busy site
_BACKOFF_FACTOR = 1.5  # each of these waits is longer than the one before by this factor

A = TypeVar("A")
P = TypeVar("P")
R = TypeVar("R")


class Steps(Generic[P]):
    """The steps of one job, one after the other. `payload` is what the row asks for."""

    def __init__(self, request: JobRequest[P], payload: P) -> None:
        self.payload = payload
        self._timeout = timedelta(seconds=request.timeout_seconds)
        self._deadline = workflow.now() + self._timeout
        self._first_delay = timedelta(seconds=request.first_delay_seconds)
        self._last_delay = timedelta(seconds=request.last_delay_seconds)
        self._max_attempts = request.max_attempts
        self._details = WorkflowDetails(request, workflow.now())

    async def run(
        self, step: Callable[[Any, A], Awaitable[R]], input: A, *, stage: str, summary: str, site: str | None = None
    ) -> R:
        """Run one activity in `stage`. A cancel returns only after its child process is dead.

        A step that visits a `site` runs in the workers' slots for downloads; where Temporal's fairness is on, sites are
        served in turn. A worker that shuts down gives the step back, and so does one that has visits enough at the
        site: it is scheduled again, with the attempts it has left.
        """
        self._check_may_go_on()
        self.report(stage, 0.0, summary, step=step.__name__)
        used = turned_away = 0
        while True:
            try:
                return await self._attempt(step, input, summary, self._max_attempts - used, site)
            except ActivityError as error:
                back = _handover_of(error)
                if back is None:
                    raise
                used += back.failed
            if back.wait:
                workflow.set_current_details(f"**{stage}** · {summary_of(summary, f'waits for its lock at {site}')}")
                pause = min(back.wait * _BACKOFF_FACTOR**turned_away, _LONGEST_PAUSE)
                await workflow.sleep(pause, summary=summary_of("wait for a turn", site or ""))
                turned_away += 1
            self._check_may_go_on()

    async def _attempt(
        self, step: Callable[[Any, A], Awaitable[R]], input: A, summary: str, attempts: int, site: str | None
    ) -> R:
        return await workflow.execute_activity_method(
            step,
            input,
            task_queue=None if site is None else downloads_queue(workflow.info().task_queue),
            priority=Priority(fairness_key=fairness_key_of(site)) if site else Priority.default,
            summary=summary_of(summary),
            start_to_close_timeout=self._timeout,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RetryPolicy(
                initial_interval=self._first_delay,
                maximum_interval=max(self._last_delay, self._first_delay),
                maximum_attempts=max(attempts, 1),
            ),
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )

    async def clean_up(self, step: Callable[[Any, A], Awaitable[None]], input: A) -> None:
        """Run one activity after the job has failed or was cancelled. Its own failure is left to its log."""
        with suppress(FailureError):
            await workflow.execute_activity_method(
                step,
                input,
                schedule_to_close_timeout=_CLEAN_UP_TIMEOUT,
                retry_policy=RetryPolicy(
                    initial_interval=self._first_delay, maximum_interval=max(self._last_delay, self._first_delay)
                ),
            )

    def report(self, stage: str, progress: float, summary: str, *, step: str = "") -> None:
        """What the job is doing, for the bridge and for people; a running activity's own word goes before it.

        Without a `step` the stage names what takes the time.
        """
        workflow.upsert_memo({MEMO_STAGE: stage, MEMO_PROGRESS: progress})
        self._details.begin(step or stage, f"**{stage}** · {summary_of(summary)}", workflow.now())
        workflow.set_current_details(self._details.text)

    def finish(self, how: str, reason: str = "") -> None:
        """The last word of the job on itself: how it ended and why, how long each stage took, where its files are."""
        self._details.end(how, workflow.now(), reason=reason)
        workflow.set_current_details(self._details.text)

    @property
    def remaining(self) -> timedelta:
        """What is left of the job's time; a moment at least."""
        return max(self._deadline - workflow.now(), timedelta(seconds=1))

    def _check_may_go_on(self) -> None:
        """A step that completes in the very moment of a cancel or timeout swallows it: it counts here."""
        if workflow.cancellation_reason() is not None:
            raise asyncio.CancelledError("cancelled between two steps")
        if workflow.now() >= self._deadline:
            raise TimeoutError


@dataclass(frozen=True, slots=True)
class _Handover:
    """The attempts that had failed before a worker gave the step back, and the seconds to wait."""

    failed: int
    wait: float


def _handover_of(error: ActivityError) -> _Handover | None:
    """None when the step failed by itself."""
    match error.cause:
        case ApplicationError(type=ErrorKind.WORKER_SHUTDOWN.value, details=[int(failed), *_]):
            return _Handover(failed, 0.0)
        case ApplicationError(type=ErrorKind.SITE_BUSY.value, details=[int(failed), float(wait), *_]):
            return _Handover(failed, wait)
        case _:
            return None


@asynccontextmanager
async def open_steps(request: JobRequest[P]) -> AsyncIterator[Steps[P]]:
    """The frame of every job workflow: its id may only have been taken, and its time is limited.

    Raises asyncio.CancelledError when the job was cancelled before it began, PermanentError when its time is up; by
    then the running step has ended.
    """
    if request.cancelled or request.payload is None:
        raise asyncio.CancelledError("cancelled before it began")
    steps = Steps(request, request.payload)
    timer = asyncio.timeout(None)
    try:
        async with timer, _expires(timer, request.timeout_seconds):
            yield steps
        steps.finish(COMPLETE)
    except asyncio.CancelledError:
        steps.finish("cancelled")
        raise
    except (TimeoutError, ActivityError) as error:
        # An activity cancelled by the timer ends in ActivityError, which the timer does not recognise as its own.
        if isinstance(error, TimeoutError) or timer.expired():
            steps.finish("timed out", TIMEOUT_SENTENCE)
            raise PermanentError(ErrorKind.TIMED_OUT, TIMEOUT_SENTENCE) from None
        if is_cancelled_exception(error):
            steps.finish("cancelled")
        else:
            steps.finish("failed", _reason_of(error))
        raise


@asynccontextmanager
async def _expires(timer: asyncio.Timeout, seconds: float) -> AsyncIterator[None]:
    """Let `timer` expire after so many seconds, by a timer of Temporal that has a name in its UI."""

    async def expire() -> None:
        await workflow.sleep(seconds, summary="the job's time limit")
        timer.reschedule(asyncio.get_running_loop().time())

    expiry = asyncio.create_task(expire())
    await asyncio.sleep(0)  # the timer starts before the first step, as in histories that were recorded without name
    try:
        yield
    finally:
        expiry.cancel()
        with suppress(asyncio.CancelledError):
            await expiry


def _reason_of(error: BaseException) -> str:
    """The innermost failure's message: what the row's `error` says."""
    while error.__cause__ is not None:
        error = error.__cause__
    return getattr(error, "message", "") or str(error)
