"""What the tables of one bridge have in common: Temporal, options, limits, metrics."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from temporalio.client import Client as TemporalClient

from audioprep.bridge.database.errors import DatabaseError
from audioprep.bridge.decide import DecideOptions
from audioprep.bridge.metrics import Metrics
from audioprep.bridge.options import BridgeOptions
from audioprep.bridge.services.claimer import Pace
from audioprep.bridge.temporal.errors import TemporalUnavailable
from audioprep.bridge.temporal.gate import TemporalGate
from audioprep.bridge.temporal.inspection import live_workers
from audioprep.bridge.tracking.slots import Slots
from audioprep.jobs.registry import JobTypes
from audioprep.service.cached import CachedAnswer

T = TypeVar("T")

_SCRAPE_PATIENCE: Final = 3.0  # seconds; Prometheus gives up after ten, and would have nothing then
_SCRAPE_CACHE: Final = 10.0  # seconds for which the queue's numbers are kept: more scrapes than that cost nothing more


@dataclass(frozen=True, slots=True)
class Shared:
    """What the tables of one bridge have in common. `many` says that there may be thousands of them."""

    temporal: TemporalClient
    options: BridgeOptions
    types: JobTypes
    metrics: Metrics
    slots: Slots
    gate: TemporalGate
    room: asyncio.Semaphore
    workers: CachedAnswer[tuple[str, ...] | None]
    reported_workers: CachedAnswer[tuple[str, ...] | None]  # apart: a scrape must not see what a start has seen
    many: bool

    @classmethod
    def of(cls, temporal: TemporalClient, options: BridgeOptions, *, many: bool = False) -> "Shared":
        types = options.all_types
        return cls(
            temporal=temporal,
            options=options,
            types=types,
            metrics=Metrics(types.names),
            slots=Slots(options.max_in_flight, options.max_downloads),
            gate=TemporalGate(temporal, options.temporal_calls),
            room=asyncio.Semaphore(options.max_looks),
            workers=cached(partial(live_workers, temporal, options.task_queue)),
            reported_workers=cached(partial(live_workers, temporal, options.task_queue)),
            many=many,
        )

    @property
    def rules(self) -> DecideOptions:
        return DecideOptions(
            self.types, self.options.limits, redrive_after=timedelta(seconds=self.options.redrive_after)
        )

    @property
    def pace(self) -> Pace:
        busy, idle = self.options.busy_interval, self.options.idle_interval
        return Pace(busy, busy, self.options.idle_max) if self.many else Pace(busy, idle, idle)


def cached(question: Callable[[], Awaitable[T]]) -> CachedAnswer[T | None]:
    """The answer, kept for some seconds; None when the other side is away, or slower than a scrape may be."""

    async def ask() -> T | None:
        try:
            async with asyncio.timeout(_SCRAPE_PATIENCE):
                return await question()
        except (DatabaseError, TemporalUnavailable, TimeoutError):
            return None

    return CachedAnswer(ask, _SCRAPE_CACHE)
