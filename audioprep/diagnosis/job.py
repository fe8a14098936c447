"""Diagnosis of one job from its row and workflow: what comes next, and what a person has to do. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audioprep.bridge.actions import Action, Nothing
from audioprep.bridge.decide import DecideOptions, decide
from audioprep.bridge.store.queue.pauses import Pause
from audioprep.bridge.views import Running
from audioprep.diagnosis.problems import PAYLOAD_KEY, Evidence, no_bridge, no_worker, settled, stale, stuck_task
from audioprep.diagnosis.remedies import Mover, kind_of, remedy_of
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.job import Job
from audioprep.jobs.progress import whole_progress
from audioprep.jobs.request import short_id
from audioprep.jobs.status import JobStatus

CHECK: Final = "audioprep check"
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
        (stuck_task(evidence), f"audioprep logs {short_id(evidence.job.job_id)}"),
        (no_worker(evidence), "audioprep worker"),
        (no_bridge(evidence, action, now), "audioprep bridge"),
        (stale(evidence, action), watch),
    )
    problems = tuple(problem for problem, _ in remedies if problem)
    command = next((typed for problem, typed in remedies if problem), watch)
    working = isinstance(action, Nothing) and evidence.job.status is JobStatus.PROCESSING
    mover = Mover.OPERATOR if problems else Mover.WORKER if working else Mover.BRIDGE
    return Diagnosis(_next(evidence, action), problems, mover, command=command)


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
    return f"{evidence.unreadable.rstrip('.')}: give every bridge, worker and command line the same {PAYLOAD_KEY}."


def _next(evidence: Evidence, action: Action) -> str:
    job = evidence.job
    if job.status is JobStatus.PENDING:
        return "claim the row when its turn comes"
    if stuck_task(evidence) and isinstance(action, Nothing):
        return "try the workflow's task again"
    return NEXT[type(action).__name__]


def stage_of(evidence: Evidence, rules: DecideOptions) -> tuple[str, float]:
    """Stage and progress of the whole job as Temporal has them; nothing when no workflow runs."""
    if not isinstance(evidence.seen, Running):
        return "", 0.0
    stage = evidence.seen.stage or ""
    return stage, whole_progress(rules.types.shares_of(evidence.job.type), stage, evidence.seen.progress)
