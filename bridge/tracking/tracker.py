"""Job tracker: the jobs claimed and not final, reconciled one task at a time, followed live, bounded in number."""

import asyncio
import time
from collections.abc import Iterable
from datetime import timedelta

import structlog

from audioprep.bridge.database.errors import StatementRefused
from audioprep.bridge.decide import DecideOptions, age_of
from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.tracking.durations import Durations
from audioprep.bridge.tracking.followers import MOMENTARY, Followers
from audioprep.bridge.tracking.slots import SlotCount, SlotShare
from audioprep.bridge.tracking.tracked_job import QuietRows, TrackedJob, problem_of
from audioprep.bridge.views import Completed, Missing, Running, WorkflowView
from audioprep.encryption.payload_keys import UnreadablePayload
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()


class JobTracker:
    """Rows by job id, a memory of the last look that the next full look corrects.

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
        self._quiet = QuietRows()
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
        self.slots.activate()
        for job in jobs:
            entry = self._entries.get(job.job_id)
            if entry is None:
                if not self._quiet.holds(job):
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
        held = [entry for entry in self._entries.values() if self._uses_slot(entry)]
        return problem_of(held, self.capacity, self._seconds, time.monotonic())

    async def _settle_each(self, looks: list[tuple[TrackedJob, WorkflowView | None]]) -> None:
        outcomes = await asyncio.gather(*(self._settle(*look) for look in looks), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:  # one that is not momentary goes before all others
            raise min(failures, key=lambda failure: isinstance(failure, MOMENTARY))

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
                first = entry.fail(str(error) or type(error).__name__, unreadable=isinstance(error, UnreadablePayload))
                if isinstance(error, MOMENTARY) and not isinstance(error, StatementRefused):
                    entry.due = time.monotonic()  # at once: a pass without this look must not count as success
                    raise
                _log_failure(entry, error, first=first)
                entry.wait_longer()
            else:
                self._note(entry, seen, after)

    def _note(self, entry: TrackedJob, seen: WorkflowView, after: Job | None) -> None:
        """What a look brought."""
        now = time.monotonic()
        entry.failing_since = None
        if after is None:
            if isinstance(seen, Completed) and entry.begun is not None:
                self._durations.add(entry.job.type, now - entry.begun)
            self._drop(entry, seen)
            return
        if entry.differs(after):
            entry.moved = now
        if after.status != entry.job.status:  # the web app was quicker than a poll
            entry.look_at_once(after)
            self.admitted.set()
        else:
            entry.wait(after)
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
            # Another program's row that is still fresh.
            self._quiet.add(job, self._seconds(job) - age_of(job, utc_now()).total_seconds())

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


def _log_failure(entry: TrackedJob, error: Exception, *, first: bool) -> None:
    """A trace is for errors that nothing foresaw, and logged once."""
    unforeseen = first and not isinstance(error, (*MOMENTARY, UnreadablePayload))
    log.error("job_not_settled", job_id=entry.job.job_id, error=entry.reason, exc_info=unforeseen)
