"""Problems of one job that a person has to act on, each as a sentence; empty when there is none. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from audioprep.bridge.actions import Action, Nothing
from audioprep.bridge.store.queue.pauses import Pause
from audioprep.bridge.store.service import ServiceStatus
from audioprep.bridge.temporal.inspection import Execution
from audioprep.bridge.temporal.workflow_tasks import StuckTask
from audioprep.bridge.views import Missing, WorkflowView
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus
from audioprep.jobs.text.wording import format_duration
from audioprep.jobs.timestamps import from_text

OVERDUE: Final = timedelta(seconds=60)  # twice as long as a live bridge ever leaves a running job's row untouched

PAYLOAD_KEY: Final = "AUDIOPREP_PAYLOAD_KEY"
_UNDECODED: Final = (
    "Unknown payload encoding",
    "Failed decoding",
    PAYLOAD_KEY,
)  # the SDK's words, and those of our codec


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


def settled(job: Job) -> bool:
    """Final, and nothing runs for it any more."""
    return job.status.is_final and not job.cancel_requested


def age_of(job: Job, now: datetime) -> timedelta | None:
    """How long the row has been as it is; None when its time cannot be read."""
    try:
        return now - from_text(job.updated_at)
    except (ValueError, TypeError, OverflowError):
        return None


def stuck_task(evidence: Evidence) -> str:
    """A workflow whose task fails again and again, by what has to be done about it."""
    task = evidence.execution.stuck if evidence.execution else None
    if task is None:
        return ""
    failed = f"The workflow's task has failed {task.attempts - 1} times"
    if any(word in task.message for word in _UNDECODED):
        return f"{failed}: the worker cannot decode the payloads. Set its {PAYLOAD_KEY} to the keys of the bridge."
    if task.cause.startswith("BAD_"):
        cancel = f"Cancel the job (`audioprep cancel {evidence.job.job_id}`) and report it."
        return f"{failed}: Temporal refuses a command of it ({_sentence(task)}), and will not accept it later. {cancel}"
    if task.cause == "NON_DETERMINISTIC_ERROR":
        older = "Start a worker of the version that began it (docs/operations.md, Upgrading)"
        return f"{failed}: the worker's version does not fit the workflow's history. {older}, or cancel the job."
    return f"{failed} ({_sentence(task)}). The worker's log says more; the job goes on once the worker is mended."


def _sentence(task: StuckTask) -> str:
    return f"{task.cause}: {task.message}".strip(": ").rstrip(".") or "for a reason that the history does not say"


def no_worker(evidence: Evidence) -> str:
    if evidence.workers or settled(evidence.job):
        return ""
    return "No worker asks for steps: start `audioprep worker` with the same AUDIOPREP_TASK_QUEUE."


def no_bridge(evidence: Evidence, action: Action, now: datetime) -> str:
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


def stale(evidence: Evidence, action: Action) -> str:
    """A row in the hands of another program, or one that Temporal has forgotten: no worker of ours has it."""
    job = evidence.job
    foreign = job.status is JobStatus.PROCESSING and isinstance(evidence.seen, Missing) and not job.is_queued
    if not foreign or not isinstance(action, Nothing):
        return ""
    return "No workflow runs for this row: another program works on it, or Temporal lost it and a bridge will fail it."
