"""Overview of a deployment from its database: who works, what waits, what failed. Every read is bounded."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from audioprep.bridge.store.listing import JobFilter, JobLists
from audioprep.bridge.store.queue.pauses import Pause, PauseTable, pause_of
from audioprep.bridge.store.service import ServiceStatus, ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.diagnosis.remedies import Mover, kind_of, remedy_of
from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.job import Job
from audioprep.jobs.request import short_id
from audioprep.jobs.status import JobStatus
from audioprep.jobs.text.wording import format_duration
from audioprep.jobs.timestamps import from_text

MAX_WAITING: Final = 1_000  # rows of each type
MAX_UNFINISHED: Final = 100
MAX_FAILED: Final = 100
RECENT: Final = timedelta(days=1)
_QUIET: Final = timedelta(seconds=60)  # twice as long as a live bridge leaves a running job's row untouched
_OLD: Final = timedelta(minutes=10)  # that the oldest row waits, after which it is said


@dataclass(frozen=True, slots=True)
class Overview:
    """`failed` are the newest of the last day, `unserved` pending rows by type. `outage` is why Temporal is away."""

    service: ServiceStatus | None
    waiting: int
    oldest: str
    unfinished: tuple[Job, ...]
    failed: tuple[Job, ...]
    unserved: dict[str, int]
    workers: tuple[str, ...] | None = None
    outage: str = ""
    pauses: tuple[Pause, ...] = ()

    @property
    def kinds(self) -> dict[str, int]:
        """Recent failures by kind, the most frequent first; those of other programs under `unknown`."""
        return dict(Counter(str(kind_of(job) or "unknown") for job in self.failed).most_common())


async def read_overview(
    rows: JobStore, lists: JobLists, service: ServiceTable, pauses: PauseTable, now: datetime
) -> Overview:
    """Raises DatabaseError."""
    waiting, oldest = await rows.queue(MAX_WAITING)
    return Overview(
        service=await service.read(now),
        waiting=waiting,
        oldest=oldest,
        unfinished=tuple(await lists.unfinished(MAX_UNFINISHED)),
        failed=tuple(await lists.newest(MAX_FAILED, JobFilter(JobStatus.FAILED, since=now - RECENT))),
        unserved=await rows.unserved(MAX_WAITING),
        pauses=tuple(await pauses.read(now)),
    )


def problems_of(overview: Overview, now: datetime) -> list[str]:
    """What a person has to act on, one sentence each, the worst first."""
    asked = (_outage(overview), _no_bridge(overview, now), _no_worker(overview, now), _old(overview, now))
    return [problem for problem in (*asked, *_quiet(overview, now), *_kinds(overview), _unserved(overview)) if problem]


def _outage(overview: Overview) -> str:
    return f"{overview.outage.rstrip('.')}." if overview.outage else ""


def _no_bridge(overview: Overview, now: datetime) -> str:
    service = overview.service
    if service is None or service.bridges:
        return ""
    if service.last_seen is None:
        return "No bridge has ever reported: start `audioprep bridge` on this database."
    ago = format_duration(max((now - service.last_seen).total_seconds(), 0.0))
    return f"No bridge is running, the last one reported {ago} ago: start `audioprep bridge`."


def _no_worker(overview: Overview, now: datetime) -> str:
    service = overview.service
    reported = service is not None and service.workers == 0 and service.is_recent(now)
    none = reported if overview.workers is None else not overview.workers
    return "No worker asks for steps: start `audioprep worker` with the same AUDIOPREP_TASK_QUEUE." if none else ""


def _old(overview: Overview, now: datetime) -> str:
    service, since = overview.service, _age(_oldest(overview), now)
    if since is None or since < _OLD or service is None or not service.bridges:
        return ""
    full = service.slots and service.in_flight >= service.slots
    why = "all slots are in use: add workers, or raise AUDIOPREP_MAX_IN_FLIGHT" if full else "slots are free"
    if not service.is_recent(now) and service.last_seen is not None:
        ago = format_duration((now - service.last_seen).total_seconds())
        why = f"no bridge has reported for {ago}: is one running that serves this database?"
    return f"The oldest row has waited {_roughly(since)}, and {why}."


def _oldest(overview: Overview) -> str:
    """When the oldest row that is not paused was made; while something is paused, as far as it is known."""
    if not overview.pauses:
        return overview.oldest
    pending = (job for job in overview.unfinished if job.status is JobStatus.PENDING)
    return next((job.created_at for job in pending if pause_of(job, overview.pauses) is None), "")


def _roughly(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _quiet(overview: Overview, now: datetime) -> list[str]:
    """Rows that a live bridge would have touched by now."""
    moving = [
        job for job in overview.unfinished if job.status is not JobStatus.PENDING and job.status in set(JobStatus)
    ]
    quiet = [job for job in moving if (_age(job.updated_at, now) or timedelta()) > _QUIET]
    if not quiet:
        return []
    first = short_id(quiet[0].job_id)
    count = f"{len(quiet)} rows have" if len(quiet) > 1 else "1 row has"
    return [f"{count} not been touched for over a minute: `audioprep doctor {first}` says more."]


def _kinds(overview: Overview) -> list[str]:
    ours = [(kind, count) for kind, count in overview.kinds.items() if kind in set(ErrorKind)]
    return [
        f"{count} failed as {kind} since yesterday. {remedy_of(ErrorKind(kind)).advice}"
        for kind, count in ours
        if remedy_of(ErrorKind(kind)).mover is Mover.OPERATOR
    ]


def _unserved(overview: Overview) -> str:
    named = ", ".join(f"{name} ({count})" for name, count in overview.unserved.items())
    return f"Rows wait whose type no bridge with these settings serves: {named}." if named else ""


def _age(text: str, now: datetime) -> timedelta | None:
    try:
        return now - from_text(text)
    except (ValueError, TypeError, OverflowError):
        return None
