"""Diagnosis of one job from its row and workflow: what comes next, and what a person has to do. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from audioprep.bridge.actions import Action, Nothing
from audioprep.bridge.decide import DecideOptions, decide
from audioprep.bridge.store.queue.pauses import Pause
from audioprep.bridge.store.service import ServiceStatus
from audioprep.bridge.temporal.inspection import Execution
from audioprep.bridge.temporal.workflow_tasks import StuckTask
from audioprep.bridge.views import Missing, Running, WorkflowView
from audioprep.diagnosis.remedies import Mover, kind_of, remedy_of
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.job import Job
from audioprep.jobs.progress import whole_progress
from audioprep.jobs.request import short_id
from audioprep.jobs.status import JobStatus
from audioprep.jobs.text.wording import format_duration
from audioprep.jobs.timestamps import from_text

OVERDUE: Final = timedelta(seconds=60)  # twice as long as a live bridge ever leaves a running job's row untouched

CHECK: Final = "audioprep check"
_KEYS: Final = "AUDIOPREP_PAYLOAD_KEY"
_UNDECODED: Final = ("Unknown payload encoding", "Failed decoding", _KEYS)  # the SDK's words, and those of our codec

NEXT: Final = {
    "Nothing": "nothing: row and workflow agree",
    "Start": "start the workflow",
    "ReserveId": "take the workflow's id, so that nothing can start for it any more",
    "CancelWorkflow": "cancel the workflow",
    "WriteProgress": "bring stage and progress up to date",
    "Complete": "write the result: complete",
    "Fail": "write the error: failed",
    "Reap": "give the row up: failed, no program has reported on it for too long",
    "Abandon": "terminate the workflow, which cannot go on, and write the error: failed",
    "RecordCancel": "write cancelled, as in Temporal",
    "AcknowledgeCancel": "acknowledge the cancel",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that can be known of one job. `seen` is None when Temporal did not answer: then `outage` says why.

    It is also None when what the workflow left cannot be decrypted: then `unreadable` says why. `service` is None where
    bridges do not report. `pause` is the one that holds the row back while it is pending.
    """

    job: Job
    seen: WorkflowView | None
    execution: Execution | None
    workers: tuple[str, ...]
    in_flight: int
    outage: str = ""
    unreadable: str = ""
    service: ServiceStatus | None = None
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`next` is what a bridge would do now. Each problem is a sentence for a person who has to act.

    `mover` says whose move it is, `kind` why a failed job failed, `command` what to type next. `advice` is for another
    person than the operator.
    """

    next: str
    problems: tuple[str, ...]
    mover: Mover = Mover.OPERATOR
    kind: ErrorKind | None = None
    command: str = ""
    advice: str = ""


def diagnose(evidence: Evidence, now: datetime, rules: DecideOptions) -> Diagnosis:
    job = evidence.job
    if job.status not in set(JobStatus):
        return Diagnosis("nothing: no bridge touches a row with this status", (_odd_status(job),), Mover.APP)
    if evidence.unreadable:
        return Diagnosis("nothing: what the workflow left cannot be read", (_unreadable(evidence),), command=CHECK)
    if settled(job) and (evidence.seen is None or not isinstance(evidence.seen, Running)):
        return _finished(job)
    if job.type not in rules.types.names:
        return Diagnosis("nothing: bridges leave rows of this type alone", (_not_served(job, rules),))
    if job.status is JobStatus.PENDING and evidence.pause:
        return _paused(evidence.pause)
    if evidence.seen is None:
        outage = f"{evidence.outage.rstrip('.')}. Mend that first."
        return Diagnosis("wait for Temporal", (outage,), command=CHECK)
    return _unfinished(evidence, decide(job, evidence.seen, now, rules), now)


def _finished(job: Job) -> Diagnosis:
    """The row is final and nothing runs for it."""
    kind = kind_of(job) if job.status is JobStatus.FAILED else None
    if kind is None:
        mover = Mover.NOBODY if job.status is not JobStatus.FAILED else Mover.APP
        return Diagnosis("nothing: the job is finished", (), mover, command=f"audioprep show {short_id(job.job_id)}")
    remedy = remedy_of(kind)
    ours = remedy.mover is Mover.OPERATOR
    return Diagnosis(
        "nothing: the job is finished",
        (remedy.advice,) if ours else (),
        remedy.mover,
        kind,
        remedy.command.format(id=short_id(job.job_id)),
        "" if ours else remedy.advice,
    )


def _paused(pause: Pause) -> Diagnosis:
    """Not a fault: an operator wanted it so."""
    comes = "claim the row once the pause is over"
    return Diagnosis(comes, (), Mover.OPERATOR, command=f"audioprep resume {pause.scope}", advice=f"{pause.sentence}.")


def _unfinished(evidence: Evidence, action: Action, now: datetime) -> Diagnosis:
    watch = f"audioprep watch {short_id(evidence.job.job_id)}"
    remedies = (
        (_stuck(evidence), f"audioprep logs {short_id(evidence.job.job_id)}"),
        (_no_worker(evidence), "audioprep worker"),
        (_no_bridge(evidence, action, now), "audioprep bridge"),
        (_stale(evidence, action), watch),
    )
    problems = tuple(problem for problem, _ in remedies if problem)
    command = next((typed for problem, typed in remedies if problem), watch)
    working = isinstance(action, Nothing) and evidence.job.status is JobStatus.PROCESSING
    mover = Mover.OPERATOR if problems else Mover.WORKER if working else Mover.BRIDGE
    return Diagnosis(_next(evidence, action), problems, mover, command=command)


def settled(job: Job) -> bool:
    """Final, and nothing runs for it any more."""
    return job.status.is_final and not job.cancel_requested


def age_of(job: Job, now: datetime) -> timedelta | None:
    """How long the row has been as it is; None when its time cannot be read."""
    try:
        return now - from_text(job.updated_at)
    except (ValueError, TypeError, OverflowError):
        return None


def _odd_status(job: Job) -> str:
    known = ", ".join(JobStatus)
    return f"The status {str(job.status)!r} is not one of {known}: correct the program that wrote it."


def _not_served(job: Job, rules: DecideOptions) -> str:
    served = ", ".join(rules.types.names)
    return (
        f"The type {job.type!r} is not served with these settings, {served} are: another program has to do this job,"
        " or AUDIOPREP_TYPES and AUDIOPREP_ROUTES have to name it."
    )


def _unreadable(evidence: Evidence) -> str:
    return f"{evidence.unreadable.rstrip('.')}: give every bridge, worker and command line the same {_KEYS}."


def _stuck(evidence: Evidence) -> str:
    """A workflow whose task fails again and again, by what has to be done about it."""
    task = evidence.execution.stuck if evidence.execution else None
    if task is None:
        return ""
    failed = f"The workflow's task has failed {task.attempts - 1} times"
    if any(word in task.message for word in _UNDECODED):
        return f"{failed}: the worker cannot decode the payloads. Set its {_KEYS} to the keys of the bridge."
    if task.cause.startswith("BAD_"):
        cancel = f"Cancel the job (`audioprep cancel {evidence.job.job_id}`) and report it."
        return f"{failed}: Temporal refuses a command of it ({_sentence(task)}), and will not accept it later. {cancel}"
    if task.cause == "NON_DETERMINISTIC_ERROR":
        older = "Start a worker of the version that began it (docs/operations.md, Upgrading)"
        return f"{failed}: the worker's version does not fit the workflow's history. {older}, or cancel the job."
    return f"{failed} ({_sentence(task)}). The worker's log says more; the job goes on once the worker is mended."


def _sentence(task: StuckTask) -> str:
    return f"{task.cause}: {task.message}".strip(": ").rstrip(".") or "for a reason that the history does not say"


def _next(evidence: Evidence, action: Action) -> str:
    job = evidence.job
    if job.status is JobStatus.PENDING:
        return "claim the row when its turn comes"
    if _stuck(evidence) and isinstance(action, Nothing):
        return "try the workflow's task again"
    return NEXT[type(action).__name__]


def _no_worker(evidence: Evidence) -> str:
    if evidence.workers or settled(evidence.job):
        return ""
    return "No worker asks for steps: start `audioprep worker` with the same AUDIOPREP_TASK_QUEUE."


def _no_bridge(evidence: Evidence, action: Action, now: datetime) -> str:
    """Who waits longer than a live bridge lets anybody wait has no bridge."""
    service = evidence.service
    if service and service.last_seen and not service.bridges and not settled(evidence.job):
        ago = format_duration(max((now - service.last_seen).total_seconds(), 0.0))
        return f"No bridge is running, the last one reported {ago} ago: start `audioprep bridge`."
    age = age_of(evidence.job, now)
    if age is None or age < OVERDUE:
        return ""
    if evidence.job.status is JobStatus.PENDING:
        idle = evidence.in_flight == 0
        return _start_a_bridge("claimed the row", age) if idle else ""
    return "" if isinstance(action, Nothing) else _start_a_bridge("done that", age)


def _start_a_bridge(what: str, age: timedelta) -> str:
    return f"No bridge has {what} for {age.total_seconds():.0f} s: is one running? Start `audioprep bridge`."


def _stale(evidence: Evidence, action: Action) -> str:
    """A row in the hands of another program, or one that Temporal has forgotten: nobody here works on it."""
    job = evidence.job
    foreign = job.status is JobStatus.PROCESSING and isinstance(evidence.seen, Missing) and not job.is_queued
    if not foreign or not isinstance(action, Nothing):
        return ""
    return "No workflow runs for this row: another program works on it, or Temporal lost it and a bridge will fail it."


def stage_of(evidence: Evidence, rules: DecideOptions) -> tuple[str, float]:
    """Stage and progress of the whole job as Temporal has them; nothing when no workflow runs."""
    if not isinstance(evidence.seen, Running):
        return "", 0.0
    stage = evidence.seen.stage or ""
    return stage, whole_progress(rules.types.shares_of(evidence.job.type), stage, evidence.seen.progress)
