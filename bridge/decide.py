"""The reconciler's decision, as a pure function: the same row, view and time give the same action."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from audioprep.bridge.actions import (
    Abandon,
    AcknowledgeCancel,
    Action,
    CancelWorkflow,
    Complete,
    Fail,
    Nothing,
    Reap,
    RecordCancel,
    ReserveId,
    Start,
    WriteProgress,
)
from audioprep.bridge.limits import BACKSTOP, LimitsByType
from audioprep.bridge.views import Cancelled, Completed, Failed, Missing, Running, WorkflowView
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.job import Job
from audioprep.jobs.progress import whole_progress
from audioprep.jobs.registry import JobTypes
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import from_text

LOST_ERROR: Final = (
    "The job was lost: no program has reported on it for longer than it may take, and Temporal knows no workflow of it."
)
STUCK_ERROR: Final = "Timeout: the job's workflow could not go on, and its time is up: the log of the worker says why."
_GRACE: Final = timedelta(seconds=60)  # after the job's time, in which its own timer should have ended it


@dataclass(frozen=True, slots=True)
class DecideOptions:
    """The numbers behind the decisions."""

    types: JobTypes
    limits: LimitsByType = LimitsByType()
    progress_interval: timedelta = timedelta(seconds=2)  # between two progress writes of a job in one stage
    redrive_after: timedelta = timedelta(seconds=15)  # before a claim that is not ours counts as forgotten
    touch_interval: timedelta = timedelta(seconds=30)  # a running job's row is never older than this


def decide(job: Job, seen: WorkflowView, now: datetime, rules: DecideOptions, *, claimed: bool = False) -> Action:
    """What to do about one row, given what Temporal says of its workflow.

    `seen` must not be older than `job`: news are written only over a row that was read before they were. `claimed`
    says that this very bridge claimed the row; another's claim, of whatever program, is left alone while it is fresh.
    """
    match job.status, seen:
        case JobStatus.PENDING, _:
            return Nothing()  # claiming is one atomic statement over many rows
        case JobStatus.PROCESSING, _:
            return _decide_processing(job, seen, now, rules, claimed=claimed)
        case _, Running():
            return CancelWorkflow()  # the row is final: nothing may run for it
        case JobStatus.CANCELLED, Missing() if job.cancel_requested and _may_still_start(job, now, rules):
            return ReserveId()
        case JobStatus.CANCELLED, _ if job.cancel_requested:
            return AcknowledgeCancel()
        case _:
            return Nothing()


def _decide_processing(job: Job, seen: WorkflowView, now: datetime, rules: DecideOptions, *, claimed: bool) -> Action:
    match seen:
        case Missing() if job.is_queued and (claimed or _is_older(job, now, rules.redrive_after)):
            return Start()
        case Missing() if job.is_queued:
            return Nothing()
        case Missing() if age_of(job, now) > rules.limits.of(job.type).timeout:
            return Reap(LOST_ERROR)
        case Missing():
            return Nothing()  # another program's row, and still fresh
        case Running() if _is_stuck(job, seen, now, rules):
            return Abandon(STUCK_ERROR, ErrorKind.TIMED_OUT, job.retry_count + 1)
        case Running():
            return _decide_progress(job, seen, now, rules)
        case Completed(result, stage):
            return Complete(result, _last_stage(job, rules) or stage)
        case Failed(error, kind, stage, exhausted):
            most = rules.limits.of(job.type).max_attempts
            return Fail(error, kind, stage, most if exhausted else job.retry_count + 1)
        case Cancelled():
            return RecordCancel()


def _may_still_start(job: Job, now: datetime, rules: DecideOptions) -> bool:
    """Whether a slow start of the job could yet create its workflow; a workflow from before would have ended by now."""
    return age_of(job, now) <= rules.limits.of(job.type).timeout + BACKSTOP


def _is_stuck(job: Job, seen: Running, now: datetime, rules: DecideOptions) -> bool:
    """Its code fails again and again, so that not even its own timer can end it, and its time is up."""
    late = rules.limits.of(job.type).timeout + _GRACE
    return bool(seen.stuck_tasks) and seen.started is not None and now - seen.started > late


def _decide_progress(job: Job, seen: Running, now: datetime, rules: DecideOptions) -> Action:
    stage, progress = _furthest(job, seen, rules)
    news = WriteProgress(stage, progress, max(job.retry_count, seen.retries))
    if news == WriteProgress(job.stage or stage, job.progress, job.retry_count):
        return news if _is_older(job, now, rules.touch_interval) else Nothing()
    moved_on = news.stage != job.stage or news.retries != job.retry_count
    # The first movement within a stage is shown at once; the rest costs rows.
    first = job.progress <= whole_progress(rules.types.shares_of(job.type), stage, 0.0)
    return news if moved_on or first or _is_older(job, now, rules.progress_interval) else Nothing()


def _last_stage(job: Job, rules: DecideOptions) -> str | None:
    """Of a job that completed: all stages are behind it. None for a type whose stages are not known."""
    stages = rules.types.stages_of(job.type)
    return stages[-1] if stages else None


def _furthest(job: Job, seen: Running, rules: DecideOptions) -> tuple[str, float]:
    """Stage and progress of the whole job. Neither goes back: a retry repeats work, the row keeps what was reached."""
    shares = rules.types.shares_of(job.type)
    current = job.stage or ""
    stage = seen.stage or current
    order = list(shares)
    if stage in order and current in order and order.index(stage) < order.index(current):
        return current, job.progress
    return stage, max(job.progress, whole_progress(shares, stage, seen.progress))


def _is_older(job: Job, now: datetime, interval: timedelta) -> bool:
    """Whether the row was touched `interval` ago, or by a clock that is as far ahead: that age says nothing, and what
    hangs on this is safe to do too early.
    """
    return abs(age_of(job, now)) >= interval


def age_of(job: Job, now: datetime) -> timedelta:
    """How long ago the row was touched. A time that cannot be read counts as now: better late than reaped wrongly."""
    try:
        return now - from_text(job.updated_at)
    except ValueError:
        return timedelta(0)
