"""Job tracker: the jobs claimed and not final, reconciled one task at a time, followed live, bounded in number."""

import asyncio
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import structlog

from audioprep.bridge.database.errors import StatementRefused
from audioprep.bridge.decide import DecideOptions, age_of
from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.tracking.durations import Durations
from audioprep.bridge.tracking.followers import MOMENTARY, Followers
from audioprep.bridge.tracking.slots import SlotCount, SlotShare
from audioprep.bridge.tracking.tracked_job import LONGEST_PAUSE, LOOK_INTERVAL, TrackedJob
from audioprep.bridge.views import Completed, Missing, Running, WorkflowView
from audioprep.encryption.payload_keys import UnreadablePayload
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()

_TOLERATED: Final = 10.0  # seconds for which a job may fail to be settled before it counts
_GRACE: Final = 60.0  # seconds after a job's time in which its end should have shown
_MOST_QUIET: Final = 20_000  # rows remembered that need nothing yet


class JobTracker:
    """Rows by job id. What is here is only a memory of the last look: the next full look corrects it.

    `slots` is the table's share of the jobs claimed and not final, `room` has those looked at in the same moment.
    """

    def __init__(
        self,
        reconciler: Reconciler,
        executions: Executions,
        rules: DecideOptions,
        slots: SlotShare,
        room: asyncio.Semaphore,
        durations: Durations | None = None,
    ) -> None:
        self._reconciler = reconciler
        self._executions = executions
        self._rules = rules
        self._durations = durations or Durations()
        self._room = room
        self._entries: dict[str, TrackedJob] = {}
        self._followers = Followers(executions, self._settle_update)
        self._quiet: dict[str, tuple[str, float]] = {}  # rows that need nothing yet: their updatedAt, and when to look
        self.slots = slots
        slots.count = self._count
        self.admitted = asyncio.Event()  # set whenever a job comes into care, or its row was changed by the web app

    @property
    def in_flight(self) -> int:
        """Jobs claimed and not final."""
        return sum(entry.job.status is JobStatus.PROCESSING for entry in self._entries.values())

    @property
    def capacity(self) -> int:
        """How many more rows may be claimed."""
        return self.slots.free

    @property
    def has_cancels(self) -> bool:
        """Whether some job waits for its cancel."""
        return any(entry.job.cancel_requested for entry in self._entries.values())

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def admit(self, jobs: Iterable[Job]) -> None:
        """Take rows that a poll has found into care; they are looked at when they are due, oldest first."""
        now = time.monotonic()
        self.slots.activate()
        for job in jobs:
            entry = self._entries.get(job.job_id)
            if entry is None:
                unchanged, due = self._quiet.get(job.job_id, ("", 0.0))
                if unchanged != job.updated_at or due <= now:
                    self._entries[job.job_id] = TrackedJob(job)
            elif entry.job.status != job.status:
                entry.look_at_once(job)
            else:
                continue
            self.admitted.set()

    async def start(self, claimed: Iterable[Job]) -> None:
        """Start rows that this bridge has just claimed, without asking first whether they have a workflow: the start
        itself finds out, and leaves one that is there as it is.

        Raises one of MOMENTARY when Temporal or the database is away.
        """
        entries = [TrackedJob(job, claimed=True, begun=time.monotonic()) for job in claimed]
        self.slots.activate()
        self._entries.update({entry.job.job_id: entry for entry in entries})
        await self._settle_each([(entry, Missing()) for entry in entries])

    async def settle_due(self, at_most: int) -> None:
        """Look at jobs that are due: new cancels first, then those that have waited longest.

        Raises one of MOMENTARY when Temporal or the database is away.
        """
        now = time.monotonic()
        due = [entry for entry in self._entries.values() if entry.due <= now]
        due.sort(key=lambda entry: (not entry.is_urgent, entry.due))
        await self._settle_each([(entry, None) for entry in due[:at_most]])

    async def close(self) -> None:
        """Stop following. The jobs themselves run on."""
        await self._followers.close()

    def problem(self) -> str | None:
        """What is wrong when no job can be read, or jobs that cannot be settled, or do not move, take all slots."""
        now = time.monotonic()
        held = [entry for entry in self._entries.values() if self._uses_slot(entry)]
        if held and all(entry.unreadable and entry.failing_since for entry in held):
            return f"no job can be read: {held[0].reason}"
        if self.capacity:
            return None
        failing = [
            entry for entry in held if entry.failing_since is not None and now - entry.failing_since > _TOLERATED
        ]
        if held and len(failing) == len(held):
            return f"all {len(held)} slots are held by jobs that cannot be settled: {failing[0].reason}"
        if held and all(now - entry.moved > self._seconds(entry.job) + _GRACE for entry in held):
            return f"all {len(held)} slots are taken, and no job has moved for longer than it may take"
        return None

    async def _settle_each(self, looks: list[tuple[TrackedJob, WorkflowView | None]]) -> None:
        outcomes = await asyncio.gather(*(self._settle(*look) for look in looks), return_exceptions=True)
        away: BaseException | None = None
        for outcome in outcomes:
            if isinstance(outcome, MOMENTARY):
                away = outcome
            elif isinstance(outcome, BaseException):
                raise outcome
        if away is not None:
            raise away

    async def _settle(self, entry: TrackedJob, seen: WorkflowView | None) -> None:
        """One look at a job; afterwards it is in our care or out of it.

        Raises one of MOMENTARY. A job that cannot be settled for another reason is looked at more and more seldom.
        """
        async with entry.lock, self._room:
            if self._entries.get(entry.job.job_id) is not entry:
                return
            entry.due = time.monotonic() + entry.pause
            try:
                if seen is None:
                    seen = await self._executions.view(entry.job.job_id)
                after = await self._reconciler.reconcile(entry.job, seen, claimed=entry.claimed)
            except Exception as error:
                self._note_failure(entry, error)
                if isinstance(error, MOMENTARY) and not isinstance(error, StatementRefused):
                    entry.due = time.monotonic()  # at once: a pass without this look must not count as success
                    raise
                entry.pause = min(entry.pause * 2, LONGEST_PAUSE)
                entry.due = time.monotonic() + entry.pause
            else:
                self._note(entry, seen, after)

    def _note_failure(self, entry: TrackedJob, error: Exception) -> None:
        """Remember since when. A trace is for errors that nothing foresaw, and logged once."""
        unforeseen = entry.failing_since is None and not isinstance(error, (*MOMENTARY, UnreadablePayload))
        entry.failing_since = entry.failing_since or time.monotonic()
        entry.reason = (str(error) or type(error).__name__).splitlines()[0][:300]
        entry.unreadable = isinstance(error, UnreadablePayload)
        if not isinstance(error, MOMENTARY) or isinstance(error, StatementRefused):
            log.error("job_not_settled", job_id=entry.job.job_id, error=entry.reason, exc_info=unforeseen)

    def _note(self, entry: TrackedJob, seen: WorkflowView, after: Job | None) -> None:
        """What a look brought."""
        now = time.monotonic()
        entry.failing_since = None
        if after is None:
            if isinstance(seen, Completed) and entry.begun is not None:
                self._durations.add(entry.job.type, now - entry.begun)
            self._drop(entry, seen)
            return
        if _state(after) != _state(entry.job):
            entry.moved = now
        if after.status != entry.job.status:  # the web app was quicker than a poll
            entry.look_at_once(after)
            self.admitted.set()
        else:
            waits_for_cancel = after.status is not JobStatus.PROCESSING
            entry.pause = min(entry.pause * 2, LONGEST_PAUSE) if waits_for_cancel else LOOK_INTERVAL
            entry.job, entry.due = after, now + entry.pause
        self._note_slot(entry, seen)
        self._followers.follow(after.job_id)

    def _note_slot(self, entry: TrackedJob, seen: WorkflowView) -> None:
        """An update alone tells neither whether the job waits for a download nor when it was started: a look does."""
        if not isinstance(seen, Running) or seen.started is None:
            return
        if entry.begun is None:
            entry.begun = time.monotonic() - max((utc_now() - seen.started).total_seconds(), 0.0)
        if entry.uses_slot and not seen.uses_slot:
            self.slots.freed()
        entry.uses_slot = seen.uses_slot

    def _drop(self, entry: TrackedJob, seen: WorkflowView) -> None:
        job = entry.job
        self._entries.pop(job.job_id, None)
        self.slots.freed()
        if isinstance(seen, Missing) and job.status is JobStatus.PROCESSING and not job.is_queued:
            # Another program's row that is still fresh: nothing to do before half of the time that is left.
            left = self._seconds(job) - age_of(job, utc_now()).total_seconds()
            if len(self._quiet) >= _MOST_QUIET:
                self._quiet.clear()
            self._quiet[job.job_id] = (job.updated_at, time.monotonic() + min(max(left / 2, 1.0), LONGEST_PAUSE))

    def _uses_slot(self, entry: TrackedJob) -> bool:
        return entry.holds_slot(self._seconds(entry.job))

    def _count(self) -> SlotCount:
        """Downloads have slots of their own on the workers: they use none here."""
        entries = self._entries.values()
        return SlotCount(sum(map(self._uses_slot, entries)), sum(entry.downloads for entry in entries))

    async def _settle_update(self, job_id: str, seen: WorkflowView | None) -> bool:
        entry = self._entries.get(job_id)
        if entry is not None:
            await self._settle(entry, seen)
        return entry is not None

    def _seconds(self, job: Job) -> float:
        return self._rules.limits.of(job.type).timeout / timedelta(seconds=1)


def _state(job: Job) -> tuple[object, ...]:
    return (job.status, job.stage, job.progress, job.retry_count)
