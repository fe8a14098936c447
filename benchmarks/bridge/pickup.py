"""How soon a new row is picked up: from its INSERT to its first activity running."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import median, quantile
from benchmarks.measurement import Measurement, Row, at_most
from benchmarks.worker.short_jobs import ShortJobs, open_short_jobs
from tests.support.webapp import FINAL

_IDLE, _BUSY = 3.0, 0.5  # seconds between two looks: the defaults
_SLACK = 0.3  # seconds for everything but the wait for the next look
_WAKE = (0.15, 0.4)  # seconds, median and 95 %
_IN_FLIGHT = (0.5, 0.9)


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    count = 4 if quick else 40
    async with open_short_jobs(folder) as jobs:
        await jobs.run(wake=True)  # the first one imports, connects and fills caches
        woken = [await _pick_up(jobs, wake=True) for _ in range(count)]
        idle = [await _pick_up(jobs, after=_phase(n, count) * _IDLE) for n in range(count)]
        long = await jobs.start_long()
        busy = [await _pick_up(jobs, after=_phase(n, count) * _BUSY) for n in range(count)]
        await _end(jobs, long)
    return [
        *_rows("after POST /wake", woken, *_WAKE),
        *_rows("in flight", busy, *_IN_FLIGHT),
        *_rows("idle", idle, _IDLE / 2 + _SLACK, _IDLE + _SLACK),
    ]


def _phase(number: int, count: int) -> float:
    """Spread evenly over the interval between two looks, and within each part at random."""
    return (number + random.random()) / count  # noqa: S311 - a sample, not a secret


async def _pick_up(jobs: ShortJobs, *, wake: bool = False, after: float = 0.0) -> float:
    await asyncio.sleep(after)
    job_id, inserted = await jobs.run(wake=wake)
    return await jobs.first_start(job_id) - inserted


async def _end(jobs: ShortJobs, job_id: str) -> None:
    app = jobs.stack.deployment.app
    await app.cancel(job_id)
    await app.until(job_id, *FINAL)


def _rows(when: str, waits: list[float], middle: float, most: float) -> list[Row]:
    return [
        at_most(f"{when}: median of {len(waits)}", median(waits), middle, "s"),
        at_most(f"{when}: 95 %", quantile(waits, 0.95), most, "s"),
    ]


MEASUREMENT = Measurement(
    "pickup",
    "Pick-up: INSERT to the first activity running",
    "Real ingests on one bridge and one worker with the default intervals: 3 s between two looks at an idle"
    " table, 0.5 s while a job is in flight. Begin by the clock of the program that inserts, end by Temporal's"
    " history.",
    run,
)
