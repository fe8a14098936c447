"""Discrete events: tenants that ask, bridges that poll and decide, workers that take their time."""

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from audioprep.bridge import actions
from audioprep.bridge.decide import DecideOptions, decide
from audioprep.bridge.fleet.databases import Shard
from audioprep.bridge.services.claimer import Pace
from audioprep.bridge.tracking.slots import SlotCount, Slots
from audioprep.bridge.tracking.tracked_job import LOOK_INTERVAL
from audioprep.bridge.views import Completed, Missing, Running, WorkflowView
from audioprep.jobs.job import Job
from audioprep.jobs.registry import JOB_TYPES
from audioprep.jobs.status import JobStatus, Stage
from audioprep.jobs.timestamps import to_text
from audioprep.service.runner import JITTER
from benchmarks.simulation.plan import JOB_MS, LOOK_MS, POLL_MS, TEMPORAL_SECONDS, TURSO_SECONDS, Plan

_START: Final = datetime(2026, 1, 31, tzinfo=UTC)
_RULES: Final = DecideOptions(JOB_TYPES)
_GATHER: Final = 0.05  # seconds between a free slot and the poll for it, as in the bridge
_LONG_IDLE: Final = 30  # polls that brought nothing: as seldom as it gets


@dataclass(slots=True)
class Tally:
    """What was used, in all."""

    polls: int = 0
    turso: int = 0
    temporal: int = 0
    asked: int = 0
    ended: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    waits: list[float] = field(default_factory=list)  # INSERT to claim, seconds
    cpu: list[float] = field(default_factory=list)  # seconds of each bridge


@dataclass(slots=True)
class _Run:
    """One job in flight: its row as the bridge last wrote it, and when a worker began with it."""

    job: Job
    began: float = -1.0
    length: float = 0.0


class _Tenant:
    """A database, and what its bridge remembers of it."""

    def __init__(self, world: "World", bridge: "_Bridge", number: int) -> None:
        self.waiting: deque[float] = deque()
        self.running = 0
        self.idle_polls = _LONG_IDLE
        self.planned = 0  # the number of its next poll: one that was planned before does not count
        self.number = number
        self.bridge = bridge
        self.share = bridge.slots.share(lambda: world.plan_poll(self, _GATHER))
        self.share.count = lambda: SlotCount(self.running)


class _Bridge:
    """One process: its CPU does one thing after the other."""

    def __init__(self, plan: Plan) -> None:
        self.slots = Slots(plan.max_in_flight, 0)
        self.free_at = 0.0
        self.used = 0.0

    def work(self, now: float, milliseconds: float) -> float:
        """When it is done."""
        self.used += milliseconds / 1000
        self.free_at = max(now, self.free_at) + milliseconds / 1000
        return self.free_at


class World:
    """Call `run` once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tally = Tally()
        self.now = 0.0
        self._chance = random.Random(plan.seed)  # noqa: S311 - not a secret
        self._pace = Pace(plan.busy_interval, plan.busy_interval, plan.idle_max)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._free_workers = plan.worker_slots
        self._queue: deque[tuple[_Tenant, _Run]] = deque()
        self._bridges = [_Bridge(plan) for _ in range(plan.bridges)]
        shards = [Shard(number + 1, plan.bridges) for number in range(plan.bridges)]
        self._tenants = [
            _Tenant(self, next(b for b, s in zip(self._bridges, shards, strict=True) if s.holds(f"tenant-{n}")), n)
            for n in range(plan.tenants)
        ]

    def run(self) -> Tally:
        for tenant in self._tenants:
            self.plan_poll(tenant, self._chance.uniform(0, self.plan.idle_max))
        self._at(0.0, self._ask)
        self._at(self.plan.warm_up, self._begin)
        while self._events and self._events[0][0] < self.plan.warm_up + self.plan.seconds:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.tally.cpu = [bridge.used for bridge in self._bridges]
        still = [self.now - asked for tenant in self._tenants for asked in tenant.waiting]
        self.tally.waits += still  # they have waited for as long at least
        return self.tally

    def _begin(self) -> None:
        """What was used before does not count."""
        self.tally = Tally(in_flight=self.tally.in_flight)
        for bridge in self._bridges:
            bridge.used = 0.0

    def plan_poll(self, tenant: _Tenant, seconds: float) -> None:
        tenant.planned += 1
        self._at(self.now + seconds, lambda number=tenant.planned: self._poll(tenant, number))  # type: ignore[misc]

    def _at(self, moment: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), event))

    def _ask(self) -> None:
        """An INSERT of some tenant, and the next one's time."""
        tenant = self._chance.choice(self._tenants)
        tenant.waiting.append(self.now)
        self.tally.asked += 1
        if self.plan.wakes:
            tenant.idle_polls = 0
            self.plan_poll(tenant, 0.0)
        if self.plan.rate:
            self._at(self.now + self._chance.expovariate(self.plan.rate), self._ask)

    def _poll(self, tenant: _Tenant, number: int) -> None:
        if number == tenant.planned:
            self.tally.polls += 1
            self.tally.turso += 1
            done = tenant.bridge.work(self.now, POLL_MS)
            self._at(done + TURSO_SECONDS, lambda: self._polled(tenant))

    def _polled(self, tenant: _Tenant) -> None:
        """What the poll has found is claimed, as far as there are slots."""
        claimed = min(tenant.share.take(100), len(tenant.waiting)) if tenant.waiting else 0
        for _ in range(claimed):
            self.tally.waits.append(self.now - tenant.waiting.popleft())
            self._start(tenant)
        self.tally.turso += claimed > 0
        hungry = bool(tenant.waiting)
        tenant.share.settle(hungry=hungry, served=claimed > 0)
        tenant.idle_polls = 0 if claimed or hungry or tenant.running else tenant.idle_polls + 1
        interval = self._pace.busy if tenant.running else self._pace.idle(tenant.idle_polls)
        self.plan_poll(tenant, interval * self._chance.uniform(1 - JITTER, 1))

    def _start(self, tenant: _Tenant) -> None:
        tenant.running += 1
        self.tally.in_flight += 1
        self.tally.most_in_flight = max(self.tally.most_in_flight, self.tally.in_flight)
        at = to_text(self._moment)
        run = _Run(Job("j", "ingest", JobStatus.PROCESSING, 0.0, Stage.QUEUED, None, None, None, 0, at, at))
        run.length = self._chance.expovariate(1 / self.plan.job_seconds)
        done = tenant.bridge.work(self.now, JOB_MS)
        assert isinstance(decide(run.job, Missing(), self._moment, _RULES, claimed=True), actions.Start)
        self.tally.temporal += 2  # the start, and the long poll that follows the job
        self._queue.append((tenant, run))
        self._at(done + TEMPORAL_SECONDS, self._give_out)
        self._at(done + LOOK_INTERVAL, lambda: self._look(tenant, run))

    def _give_out(self) -> None:
        while self._free_workers and self._queue:
            tenant, run = self._queue.popleft()
            self._free_workers -= 1
            run.began = self.now
            self._at(self.now + run.length, lambda: self._end(tenant, run))  # noqa: B023 - called at once

    def _look(self, tenant: _Tenant, run: _Run) -> None:
        if run.job.status is not JobStatus.PROCESSING:
            return
        self.tally.temporal += 1
        self._apply(run, decide(run.job, self._view(run), self._moment, _RULES))
        self._at(tenant.bridge.work(self.now, LOOK_MS) + LOOK_INTERVAL, lambda: self._look(tenant, run))

    def _end(self, tenant: _Tenant, run: _Run) -> None:
        self._free_workers += 1
        self._give_out()
        self._apply(run, decide(run.job, Completed("{}"), self._moment, _RULES))
        assert run.job.status is JobStatus.COMPLETE
        tenant.running -= 1
        self.tally.in_flight -= 1
        self.tally.ended += 1
        tenant.share.freed()

    def _apply(self, run: _Run, action: actions.Action) -> None:
        """A write costs a request; nothing else changes a row here."""
        match action:
            case actions.WriteProgress(stage=stage, progress=progress):
                run.job = _changed(run.job, JobStatus.PROCESSING, stage, progress, to_text(self._moment))
            case actions.Complete():
                run.job = _changed(run.job, JobStatus.COMPLETE, run.job.stage, 100.0, to_text(self._moment))
            case _:
                return
        self.tally.turso += 1

    def _view(self, run: _Run) -> WorkflowView:
        if run.began < 0:
            return Running(Stage.QUEUED)
        done = min((self.now - run.began) / max(run.length, 0.001), 1.0)
        return Running(Stage.ANALYZING, round(done * 100, 1))

    @property
    def _moment(self) -> datetime:
        return _START + timedelta(seconds=self.now)


def _changed(job: Job, status: JobStatus, stage: str | None, progress: float, at: str) -> Job:
    return Job(job.job_id, job.type, status, progress, stage, None, None, None, 0, job.created_at, at)
