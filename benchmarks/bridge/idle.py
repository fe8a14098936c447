"""What a table costs in which nothing happens, whatever its history holds."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.counters import Counters, counters
from benchmarks.measurement import Measurement, Row
from benchmarks.rows import fill
from benchmarks.stack import Stack, open_stack
from tests.support.foreign import insert_foreign

_INTERVAL = 0.5  # seconds: more looks in less time than with the default
_PAUSED = 1_000  # rows
_MOST = 3  # rows read by one look


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    histories = (0, 10_000) if quick else (0, 10_000, 1_000_000)
    foreign = 10_000 if quick else 100_000
    watched = 5.0 if quick else 40.0  # seconds: two of the sweeps, which come every 15 s, are in it
    async with open_stack(folder) as stack:
        stack.deployment.extra["AUDIOPREP_POLL_INTERVAL"] = str(_INTERVAL)
        stack.deployment.start("bridge")
        rows, held = [], 0
        for finished in histories:
            await fill(stack.deployment.app, "complete", finished - held)
            held = finished
            rows.append(_row(f"{finished:,} finished rows", *await _idle(stack, watched)))
        await insert_foreign(stack.deployment.app, pending=foreign, processing=foreign // 100, cancelled=foreign // 100)
        rows.append(_row(f"{foreign:,} pending rows of other types", *await _idle(stack, watched)))
        await stack.deployment.command("pause", "all", "--for", "1d")
        await fill(stack.deployment.app, "pending", _PAUSED)
        rows.append(_row(f"{_PAUSED:,} pending rows that are paused", *await _idle(stack, watched)))
    return rows


async def _idle(stack: Stack, watched: float) -> tuple[Counters, float]:
    """What the server counted, and for how many looks."""
    await asyncio.sleep(2 * _INTERVAL)
    before, began = counters(stack.database_admin), time.monotonic()
    await asyncio.sleep(watched)
    return counters(stack.database_admin) - before, (time.monotonic() - began) / _INTERVAL


def _row(held: str, spent: Counters, looks: float) -> Row:
    each = spent.read / looks
    said = f"{each:.2f} rows, {spent.written} written in all"
    return Row(f"rows read by a look, {held}", said, goal=f"at most {_MOST}", reached=each <= _MOST)


MEASUREMENT = Measurement(
    "idle",
    "Rows read while nothing happens",
    "A real bridge on an idle table, counted by sqld itself: one row at least for each request. The looks at rows being"
    " processed are among them.",
    run,
)
