"""Jobs in care: a row as last read, when it is due, why it cannot be settled; and rows that need no care yet."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus

LOOK_INTERVAL: Final = 2.0  # seconds between two looks at the same running job, as between two writes of its progress
LONGEST_PAUSE: Final = 60.0  # seconds between two looks at a job that waits for its cancel, or cannot be settled
_TOLERATED: Final = 10.0  # seconds for which a job may fail to be settled before it counts
_GRACE: Final = 60.0  # seconds after a job's time in which its end should have shown
_MOST_QUIET: Final = 20_000  # rows remembered that need nothing yet


@dataclass(slots=True, eq=False)
class TrackedJob:
    """One job in care. Times are seconds of the monotonic clock."""

    job: Job
    claimed: bool = False
    begun: float | None = None  # when it was claimed, or its workflow was started; None where that is not known
    due: float = 0.0  # when it is to be looked at next
    pause: float = LOOK_INTERVAL
    moved: float = field(default_factory=time.monotonic)  # when its row last changed in more than its time
    uses_slot: bool = True
    failing_since: float | None = None
    reason: str = ""
    unreadable: bool = False  # for want of a payload key, which no row can cause
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_urgent(self) -> bool:
        """A cancel that has not been looked at yet goes before all else."""
        return self.job.status is not JobStatus.PROCESSING and self.due == 0

    def differs(self, job: Job) -> bool:
        """Whether `job` is the row after it has moved, in more than its time."""
        was = self.job
        now = (job.status, job.stage, job.progress, job.retry_count)
        return (was.status, was.stage, was.progress, was.retry_count) != now

    def look_at_once(self, job: Job) -> None:
        """The row is now `job`, in another status."""
        self.job, self.due, self.pause = job, 0.0, LOOK_INTERVAL

    def wait(self, job: Job) -> None:
        """The row is as `job` says, and looked at again in a while: more and more seldom while its cancel waits."""
        self.job = job
        if job.status is JobStatus.PROCESSING:
            self.pause = LOOK_INTERVAL
            self.due = time.monotonic() + self.pause
        else:
            self.wait_longer()

    def wait_longer(self) -> None:
        """Twice as long as the last time."""
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        self.due = time.monotonic() + self.pause

    def fail(self, reason: str, *, unreadable: bool) -> bool:
        """It cannot be settled, for this reason, of which the first line is kept. True when it could be until now."""
        first = self.failing_since is None
        self.failing_since = self.failing_since or time.monotonic()
        self.reason = reason.splitlines()[0][:300]
        self.unreadable = unreadable
        return first

    def holds_slot(self, longest: float) -> bool:
        """One that cannot be settled holds its slot no longer than `longest`, the seconds that the job may take."""
        if self.job.status is not JobStatus.PROCESSING or not self.uses_slot:
            return False
        return self.failing_since is None or time.monotonic() - self.failing_since <= longest

    @property
    def downloads(self) -> bool:
        """Whether it is processed, and downloads or waits for a site: in no slot."""
        return self.job.status is JobStatus.PROCESSING and not self.uses_slot


class QuietRows:
    """Rows of other programs that are still fresh, by job id: their `updatedAt`, and when to look at them again."""

    def __init__(self) -> None:
        self._due: dict[str, tuple[str, float]] = {}

    def add(self, job: Job, left: float) -> None:
        """Leave the row alone for half of the `left` seconds that its program has."""
        if len(self._due) >= _MOST_QUIET:
            self._due.clear()
        self._due[job.job_id] = (job.updated_at, time.monotonic() + min(max(left / 2, 1.0), LONGEST_PAUSE))

    def holds(self, job: Job) -> bool:
        """Whether the row is as it was, and its time has not come."""
        unchanged, due = self._due.get(job.job_id, ("", 0.0))
        return unchanged == job.updated_at and due > time.monotonic()


def problem_of(held: Sequence[TrackedJob], capacity: int, seconds: Callable[[Job], float], now: float) -> str | None:
    """A sentence when no job can be read, or when jobs that cannot be settled, or do not move, take all slots.

    `capacity` is how many slots are free, `seconds` how long a job may take, `now` the monotonic clock.
    """
    if not held:
        return None
    if all(entry.unreadable and entry.failing_since for entry in held):
        return f"no job can be read: {held[0].reason}"
    if capacity:
        return None
    if all(entry.failing_since is not None and now - entry.failing_since > _TOLERATED for entry in held):
        return f"all {len(held)} slots are held by jobs that cannot be settled: {held[0].reason}"
    if all(now - entry.moved > seconds(entry.job) + _GRACE for entry in held):
        return f"all {len(held)} slots are taken, and no job has moved for longer than it may take"
    return None
