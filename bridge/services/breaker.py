"""Circuit breaker of sources: after refusals a source is paused, then one row tries it. Off unless it is set."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog

from audioprep.bridge.actions import Action, Fail
from audioprep.bridge.metrics import Metrics
from audioprep.bridge.store.queue.breakers import BreakerTable
from audioprep.bridge.store.queue.circuit import REFUSALS, SOURCES, Circuit, Move, next_move
from audioprep.bridge.store.queue.pauses import source_scope
from audioprep.bridge.store.queue.poll import Poll
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.job import Job
from audioprep.jobs.timestamps import from_text

log = structlog.get_logger()

_LOOK_INTERVAL: Final = 2.0  # seconds between two looks at a row that tries
_FRUITLESS: Final = 15.0  # seconds before a row that tries is sought again, when rows wait and none is of the source


class SourceBreaker:
    """Acts between two polls: nothing is asked of the database while no site refuses."""

    def __init__(self, table: BreakerTable, store: JobStore, metrics: Metrics) -> None:
        self._table = table
        self._store = store
        self._metrics = metrics
        self._refused = False  # a row of this bridge has been, since the last count
        self._automatic: Mapping[str, str] = {}  # as of the last poll
        self._pending = False
        self._next_look: dict[str, float] = {}  # at a source, of the monotonic clock

    def note_end(self, action: Action) -> None:
        """An end was written."""
        self._refused |= isinstance(action, Fail) and action.kind in REFUSALS

    def note_poll(self, found: Poll) -> None:
        self._automatic, self._pending = found.automatic, found.pending

    async def run(self, now: datetime, room: Callable[[], int]) -> list[Job]:
        """Do what is due. Returns rows that try their source, claimed: one, if `room` says that there is a slot for it.

        Raises DatabaseError.
        """
        if self._refused:
            for source in SOURCES:
                await self._count(source, now)
            self._refused = False
        trials = [await self._care_for(source, now, room) for source in SOURCES if self._is_due(source, now)]
        return [job for job in trials if job is not None]

    def _is_due(self, source: str, now: datetime) -> bool:
        """Whether the time of a breaker's pause is over, so that a row may try or has tried."""
        until = self._automatic.get(source_scope(source))
        if until is None or time.monotonic() < self._next_look.get(source, 0.0):
            return False
        return from_text(until) <= now

    async def _count(self, source: str, now: datetime) -> None:
        if source_scope(source) in self._automatic or not await self._table.is_refused(source, now):
            return
        until = await self._table.open(source, now)
        if until is not None:
            log.warning("source_paused", source=source, until=until.isoformat(), again=False)
            self._metrics.breaker_moved(source, "opened")

    async def _care_for(self, source: str, now: datetime, room: Callable[[], int]) -> Job | None:
        self._next_look[source] = time.monotonic() + _LOOK_INTERVAL
        circuit = await self._table.read(source)
        if circuit is None:
            return None
        move = next_move(circuit, now)
        if move is Move.TRY:
            return await self._try(source, now) if self._pending and room() else None
        await self._settle(source, circuit, move, now)
        return None

    async def _try(self, source: str, now: datetime) -> Job | None:
        types = self._store.free_types
        job = await self._table.try_one(source, types, now) if types else None
        if job is None:
            self._next_look[source] = time.monotonic() + _FRUITLESS
        else:
            log.info("source_tried", source=source, job_id=job.job_id)
        return job

    async def _settle(self, source: str, circuit: Circuit, move: Move, now: datetime) -> None:
        match move:
            case Move.RENEW:
                until = await self._table.renew(source, circuit, now)
                if until is not None:
                    log.warning("source_paused", source=source, until=until.isoformat(), again=True)
                    self._metrics.breaker_moved(source, "renewed")
            case Move.LIFT:
                if await self._table.lift(source, circuit, now):
                    log.info("source_resumed", source=source, job_id=circuit.trial)
                    self._metrics.breaker_moved(source, "lifted")
            case Move.PASS_ON:
                await self._table.pass_on(source, circuit, now)
                self._next_look[source] = 0.0
            case _:
                return
