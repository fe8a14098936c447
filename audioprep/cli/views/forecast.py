"""Forecast for jobs that wait: who works, and about how long it takes."""

import time
from datetime import datetime
from typing import TYPE_CHECKING

from audioprep.cli.views.joblist import age
from audioprep.jobs.status import JobStatus
from audioprep.jobs.text.wording import format_duration
from audioprep.jobs.timestamps import to_text, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audioprep.bridge.store.queue.pauses import Pause, PauseTable
    from audioprep.bridge.store.service import ServiceStatus, ServiceTable
    from audioprep.jobs.job import Job

_KEPT = 5.0  # seconds for which an answer is good enough
_MINUTES = 90.0  # seconds from which a time is told in minutes
_MOST = 5  # jobs whose place in the queue is asked for


def service_line(status: "ServiceStatus") -> str:
    """The state of the service as one line; empty when no bridge has ever reported."""
    if status.last_seen is None:
        return ""
    if not status.bridges:
        return f"no bridge is running: the last one reported {format_duration(_ago(status.last_seen))} ago"
    workers = "workers unknown" if status.workers is None else _count(status.workers, "worker")
    line = f"{_count(status.bridges, 'bridge')}, {workers}, {status.in_flight} of {status.slots} slots in use"
    return line if status.is_recent(utc_now()) else f"{line}, as of {age(to_text(status.last_seen), utc_now())} ago"


def header_line(status: "ServiceStatus | None", waiting: "tuple[int, str]", now: datetime) -> str:
    """Who works, how many rows wait, and since when the oldest does."""
    count, oldest = waiting
    line = service_line(status) if status else ""
    return " · ".join(
        filter(None, [line or "bridges unknown", f"{count} waiting", f"oldest {age(oldest, now)}" if count else ""])
    )


class Forecast:
    """Hints for jobs that wait, asked of the database every five seconds at most."""

    def __init__(self, table: "ServiceTable", pauses: "PauseTable | None" = None) -> None:
        self._table = table
        self._pauses = pauses
        self._asked = float("-inf")
        self._hints: dict[str, str] = {}

    async def update(self, jobs: "Iterable[Job]") -> None:
        """Ask anew if some job waits and the last answer is old."""
        waiting = [job for job in jobs if job.status is JobStatus.PENDING]
        if not waiting or time.monotonic() - self._asked < _KEPT:
            return
        self._asked = time.monotonic()
        status = await self._table.read(utc_now())
        pauses = await self._pauses.read(utc_now()) if self._pauses else []
        self._hints = {job.job_id: await self._hint(status, job, pauses) for job in waiting[:_MOST]}

    def hint(self, job: "Job") -> str:
        """For a job that waits; empty when nothing is known."""
        return self._hints.get(job.job_id, "") if job.status is JobStatus.PENDING else ""

    async def _hint(self, status: "ServiceStatus | None", job: "Job", pauses: "list[Pause]") -> str:
        from audioprep.bridge.store.queue.pauses import pause_of

        pause = pause_of(job, pauses)
        if pause:
            return pause.sentence
        if status is None or status.last_seen is None:
            return ""
        if not status.bridges:
            return "no bridge is running"
        if status.workers == 0:
            return "no worker is running" if status.is_recent(utc_now()) else ""
        seconds = status.wait_for(job.type, await self._table.ahead(job.created_at))
        return "" if seconds is None else f"about {_roughly(seconds)}"


def _ago(moment: datetime) -> float:
    return max((utc_now() - moment).total_seconds(), 0.0)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _roughly(seconds: float) -> str:
    return f"{max(round(seconds), 1)} s" if seconds < _MINUTES else f"{round(seconds / 60)} min"
