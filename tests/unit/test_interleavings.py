"""Several jobs, two bridges with memories of any age, random interleavings: the real store, decide and reconciler."""

import asyncio
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audioprep.bridge.database.database import open_database
from audioprep.bridge.decide import DecideOptions
from audioprep.bridge.limits import LimitsByType
from audioprep.bridge.reconciler import Reconciler
from audioprep.bridge.store.listing import JobLists
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.executions import StartRequest
from audioprep.bridge.temporal.launch import Launcher
from audioprep.bridge.views import Cancelled, Completed, Failed, Missing, Running, WorkflowView
from audioprep.jobs.job import Job, NewJob
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.status import JobStatus

pytestmark = pytest.mark.slow

JOBS = [f"j{number}" for number in range(3)]
START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
STAGES = ["downloading", "analyzing", "finalizing"]
ORDER = JOB_TYPES.stages_of("ingest")
METADATA = {"sourceType": "audio_file", "storageKey": "k"}


@dataclass
class Run:
    """One workflow execution. `taken` ones never work."""

    taken: bool
    stage: str | None = None
    progress: float = 0.0
    cancel_requested: bool = False
    closed: WorkflowView | None = None

    @property
    def works(self) -> bool:
        return self.closed is None and not self.taken


@dataclass
class Temporal:
    """As much of Temporal as a bridge sees: ids are never used twice."""

    runs: dict[str, Run] = field(default_factory=dict)

    async def view(self, job_id: str) -> WorkflowView:
        run = self.runs.get(job_id)
        return Missing() if run is None else run.closed or Running(run.stage, run.progress)

    async def start(self, errand: StartRequest) -> None:
        self.runs.setdefault(errand.request.job_id, Run(taken=errand.request.cancelled))

    async def cancel(self, job_id: str) -> None:
        if job_id in self.runs:
            self.runs[job_id].cancel_requested = True

    def advance(self, job_id: str, how: str) -> None:
        """The worker's side: a stage further, progress in it, a step tried again, or to an end."""
        run = self.runs.get(job_id)
        if run is None or run.closed:
            return
        if run.taken or run.cancel_requested:
            run.closed = Cancelled()
        elif how == "stage" and run.stage != STAGES[-1]:
            run.stage, run.progress = STAGES[STAGES.index(run.stage) + 1 if run.stage else 0], 0.0
        elif how == "beat" and run.stage:
            run.progress = min(run.progress + 40, 100)
        elif how == "again" and run.stage:
            run.stage, run.progress = STAGES[0], 0.0
        elif how in ("complete", "stage"):
            run.closed = Completed("{}")
        elif how == "fail":
            run.closed = Failed("why", "kind")


OPERATIONS = st.one_of(
    st.tuples(st.just("claim"), st.integers(0, 1), st.integers(1, 3)),
    st.tuples(st.just("look"), st.integers(0, 1), st.sampled_from(JOBS)),
    st.tuples(st.just("view"), st.integers(0, 1), st.sampled_from(JOBS)),
    st.tuples(st.just("act"), st.integers(0, 1), st.sampled_from(JOBS)),
    st.tuples(st.just("crash"), st.integers(0, 1), st.none()),
    st.tuples(st.just("app cancels"), st.none(), st.sampled_from(JOBS)),
    st.tuples(st.just("operator cancels"), st.none(), st.sampled_from(JOBS)),
    st.tuples(st.sampled_from(["stage", "beat", "again", "complete", "fail"]), st.none(), st.sampled_from(JOBS)),
)


class World:
    def __init__(self, store: JobStore, lists: JobLists) -> None:
        self.lists = lists
        self.store = store
        self.temporal = Temporal()
        self.now = START
        launcher = Launcher(store, self.temporal, JOB_TYPES, LimitsByType(), "0123456789ab")  # type: ignore[arg-type]
        self.reconciler = Reconciler(store, self.temporal, launcher, DecideOptions(JOB_TYPES), lambda: self.now)  # type: ignore[arg-type]
        # What each bridge remembers: the row it read, and Temporal's view if it asked since.
        self.memory: list[dict[str, tuple[Job, WorkflowView | None, bool]]] = [{}, {}]
        self.rows: dict[str, Job] = {}

    async def do(self, operation: str, bridge: int | None, detail: Any) -> None:
        self.now += timedelta(seconds=3)
        match operation:
            case "claim" if bridge is not None:
                poll = await self.store.poll(self.now, capacity=detail, with_processing=False)
                self.memory[bridge].update({job.job_id: (job, Missing(), True) for job in poll.claimed})
            case "look" if bridge is not None:
                if row := await self.store.get(detail):
                    self.memory[bridge][detail] = (row, None, False)
            case "view" if bridge is not None and detail in self.memory[bridge]:
                row, _, claimed = self.memory[bridge][detail]
                self.memory[bridge][detail] = (row, await self.temporal.view(detail), claimed)
            case "act" if bridge is not None and detail in self.memory[bridge]:
                row, seen, claimed = self.memory[bridge].pop(detail)
                await self.reconciler.reconcile(row, seen, claimed=claimed)
            case "crash" if bridge is not None:
                self.memory[bridge].clear()
            case "app cancels":
                await self.store.request_cancel(detail, self.now)
            case "operator cancels":
                await self.temporal.cancel(detail)
            case _:
                self.temporal.advance(detail, operation)
        await self.check()

    async def check(self) -> None:
        for row in await self.lists.newest(len(JOBS)):
            job_id = row.job_id
            before, run = self.rows.get(job_id), self.temporal.runs.get(job_id)
            if before and before.status.is_final:
                assert replace(row, stage=None, progress=0, updated_at="") == replace(
                    before, stage=None, progress=0, updated_at=""
                ), "a final state changed"
            if row.status is JobStatus.COMPLETE:
                assert run is not None
                assert isinstance(run.closed, Completed)
            if row.status is JobStatus.CANCELLED and row.stage is None:
                assert run is None or not run.works, "acknowledged while running"
            if before and before.status is JobStatus.PROCESSING and row.status in (before.status, JobStatus.COMPLETE):
                assert row.progress >= before.progress, "progress fell"
                assert ORDER.index(row.stage or "") >= ORDER.index(before.stage or ""), "the stage went back"
            self.rows[job_id] = row

    async def reconcile(self) -> None:
        """No more trouble: bridge 0 looks, workflows go on."""
        for _ in range(40):
            self.memory = [{}, {}]
            await self.do("claim", 0, 3)
            for job_id in JOBS:
                for operation in ("look", "act", "beat", "look", "act", "stage"):
                    await self.do(operation, 0, job_id)
            if all(row.status.is_final and not row.cancel_requested for row in self.rows.values()):
                break
        for operation in ("look", "act"):
            for job_id in JOBS:
                await self.do(operation, 0, job_id)
                await self.do("complete", None, job_id)
        for job_id, row in self.rows.items():
            run = self.temporal.runs.get(job_id)
            assert row.status.is_final, row
            assert not row.cancel_requested, row
            assert run is None or run.closed, run


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(OPERATIONS, max_size=40))
def test_promises_hold_in_every_interleaving(operations: list[tuple[str, int | None, Any]]) -> None:
    async def play(folder: str) -> None:
        async with open_database(f"file:{Path(folder) / 'jobs.db'}") as database:
            store = JobStore(database)
            await store.migrate()
            world = World(store, JobLists(database))
            for job_id in JOBS:
                await store.insert(NewJob(job_id, "ingest", METADATA, START))
            for operation in operations:
                await world.do(*operation)
            await world.reconcile()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(folder))
