"""What a look that fails means: for its row alone, or for all of them."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
import structlog

from audioprep.bridge.database.errors import DatabaseRefused, DatabaseUnavailable, StatementRefused
from audioprep.bridge.decide import DecideOptions
from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.services.orphans import OrphanSweeper
from audioprep.bridge.store.identity import TableIdentity
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.errors import TemporalUnavailable
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.tracking.slots import Slots
from audioprep.bridge.tracking.tracker import JobTracker
from audioprep.bridge.views import Missing, Running
from audioprep.encryption.payload_keys import UnreadablePayload
from audioprep.jobs.job import Job
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.status import JobStatus

NOW = "2026-01-31T12:00:00.000Z"


class Failing:
    """A reconciler whose every look fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def reconcile(self, *_: object, **__: object) -> None:
        raise self._error


class Unstarted:
    """Executions that know no workflow."""

    async def view(self, _job_id: str) -> Missing:
        return Missing()


def _tracker(error: Exception, slots: int = 1) -> JobTracker:
    return _tracking(Failing(error), Unstarted(), slots=slots)


def _tracking(reconciler: object, executions: object, *, slots: int, downloads: int = 0) -> JobTracker:
    return JobTracker(
        cast("Reconciler", reconciler),
        cast("Executions", executions),
        DecideOptions(JOB_TYPES),
        Slots(slots, downloads).share(lambda: None),
        asyncio.Semaphore(4),
    )


def _at(moment: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tracker", "tracked_job"):
        clock = SimpleNamespace(monotonic=lambda: moment)
        monkeypatch.setattr(f"audioprep.bridge.tracking.{module}.time", clock)


@pytest.fixture
def job() -> Job:
    return Job("a", "ingest", JobStatus.PROCESSING, 0, "queued", "{}", None, None, 0, NOW, NOW)


@pytest.mark.parametrize("kind", [TemporalUnavailable, DatabaseUnavailable, DatabaseRefused])
async def test_a_side_that_is_away_is_asked_again_at_once(kind: type[Exception], job: Job) -> None:
    tracker = _tracker(kind("It is away."))

    with pytest.raises(kind, match="away"):
        await tracker.start([job])
    with pytest.raises(kind, match="away"):
        await tracker.settle_due(1)


async def test_a_refused_statement_is_its_row_s_alone(job: Job) -> None:
    tracker = _tracker(StatementRefused("The database refused a statement: no."))

    with structlog.testing.capture_logs() as logged:
        await tracker.start([job])
        await tracker.settle_due(1)

    assert [(line["event"], line["error"]) for line in logged] == [
        ("job_not_settled", "The database refused a statement: no.")
    ], "the second look is not due yet"


async def test_unsettled_jobs_that_hold_all_slots_are_a_problem(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = _tracker(StatementRefused("no"))
    await tracker.start([job])
    begun = time.monotonic()

    assert (tracker.capacity, tracker.problem()) == (0, None)
    _at(begun + 11, monkeypatch)
    assert tracker.problem() == "all 1 slots are held by jobs that cannot be settled: no"
    _at(begun + 601, monkeypatch)
    assert (tracker.capacity, tracker.problem()) == (1, None), "beyond its time it holds no slot"


async def test_jobs_that_no_key_opens_are_a_complaint_at_once(job: Job) -> None:
    tracker = _tracker(UnreadablePayload("It has another key"), slots=9)

    await tracker.start([job])

    assert tracker.problem() == "no job can be read: It has another key"


class Seeing:
    """A reconciler that finds every row as it was."""

    async def reconcile(self, job: Job, *_: object, **__: object) -> Job:
        return job


class Downloads:
    """Executions whose jobs all wait for a slow site, but for those called `busy`."""

    async def view(self, job_id: str) -> Running:
        return Running("downloading", started=datetime.now(UTC), uses_slot=job_id == "busy")

    async def follow(self, _job_id: str, *, stages: bool) -> AsyncIterator[Running]:
        return
        yield


async def test_jobs_that_download_leave_the_slots_to_others(job: Job) -> None:
    tracker = _tracking(Seeing(), Downloads(), slots=2, downloads=3)
    tracker.admit(replace(job, job_id=name, stage="downloading") for name in ("slow", "slower", "busy"))
    assert tracker.capacity == 0

    await tracker.settle_due(9)

    assert (tracker.in_flight, tracker.capacity) == (3, 1)
    tracker.admit(replace(job, job_id=name) for name in ("more", "and more"))
    await tracker.settle_due(9)
    assert tracker.capacity == 0, "downloads have a bound of their own"
    await tracker.close()


class Overtaken:
    """A reconciler whose first write finds that the web app has cancelled; it remembers the rows that it was given."""

    def __init__(self) -> None:
        self.given: list[JobStatus] = []

    async def reconcile(self, job: Job, *_: object, **__: object) -> Job:
        self.given.append(job.status)
        return replace(job, status=JobStatus.CANCELLED)


class Watched:
    """Executions of one workflow that runs, and says nothing more."""

    async def view(self, _job_id: str) -> Running:
        return Running("analyzing")

    def __init__(self) -> None:
        self.followed: list[str] = []

    async def follow(self, job_id: str, **_: object) -> AsyncIterator[Running]:
        self.followed.append(job_id)
        await asyncio.Event().wait()
        yield Running("analyzing")

    async def open_jobs(self) -> AsyncIterator[str]:
        yield "a"


async def test_a_cancel_that_a_write_finds_is_carried_out_at_once(job: Job) -> None:
    reconciler = Overtaken()
    tracker = _tracking(reconciler, Watched(), slots=1)

    await tracker.start([job])

    assert tracker.admitted.is_set(), "the next look does not wait for its interval"
    await tracker.settle_due(1)
    assert reconciler.given == [JobStatus.PROCESSING, JobStatus.CANCELLED]
    await tracker.settle_due(1)
    assert len(reconciler.given) == 2, "a cancel that is under way is looked at again after a pause"
    await tracker.close()


@pytest.mark.parametrize(("served", "taken"), [("ingest", True), ("save", False)])
async def test_another_bridges_types_take_no_slot(served: str, taken: bool, job: Job) -> None:
    async def get_row(_job_id: str) -> Job:
        return job

    store = cast("JobStore", SimpleNamespace(types=frozenset([served]), get_row=get_row))
    executions = cast("Executions", Watched())
    tracker = _tracker(StatementRefused("no"))
    orphans = OrphanSweeper(store, executions, tracker, TableIdentity("0123456789ab"), interval=60, patience=0)

    await orphans.run_once()

    assert ("a" in tracker, tracker.in_flight) == (taken, int(taken))


async def test_no_more_jobs_are_followed_than_temporal_allows(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audioprep.bridge.tracking.followers._MOST_FOLLOWED", 2)
    executions = Watched()
    tracker = _tracking(Overtaken(), executions, slots=9)

    await tracker.start([replace(job, job_id=name) for name in "abc"])
    await asyncio.sleep(0)  # the followers begin

    assert sorted(executions.followed) == ["a", "b"]
    await tracker.close()
