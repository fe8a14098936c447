"""Sync of running jobs: each is looked at in turn, so that its progress reaches its row."""

from audioprep.bridge.tracking.tracker import JobTracker
from audioprep.service.runner import JITTER


class Sync:
    """Looks at the jobs in our care in turn, so that their progress reaches the rows."""

    name = "sync"

    def __init__(
        self, tracker: JobTracker, *, interval: float, describes_per_second: float, idle: float | None = None
    ) -> None:
        """`idle` is the interval while no job is tracked: one that comes wakes the service."""
        self._tracker = tracker
        self._interval = interval
        self._idle = interval if idle is None else idle
        self._batch = max(int(describes_per_second * interval * (1 - JITTER)), 1)

    def interval(self) -> float:
        return self._interval if len(self._tracker) else self._idle

    async def run_once(self) -> None:
        await self._tracker.settle_due(self._batch)
