"""One tracked job: its row as last read, when it is due, and why it cannot be settled."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus

LOOK_INTERVAL: Final = 2.0  # seconds between two looks at the same running job, as between two writes of its progress
LONGEST_PAUSE: Final = 60.0  # seconds between two looks at a job that waits for its cancel, or cannot be settled


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

    def look_at_once(self, job: Job) -> None:
        """The row is now `job`, in another status."""
        self.job, self.due, self.pause = job, 0.0, LOOK_INTERVAL

    def holds_slot(self, longest: float) -> bool:
        """One that cannot be settled holds its slot no longer than `longest`, the seconds that the job may take."""
        if self.job.status is not JobStatus.PROCESSING or not self.uses_slot:
            return False
        return self.failing_since is None or time.monotonic() - self.failing_since <= longest

    @property
    def downloads(self) -> bool:
        """Whether it is processed, and downloads or waits for a site: in no slot."""
        return self.job.status is JobStatus.PROCESSING and not self.uses_slot
