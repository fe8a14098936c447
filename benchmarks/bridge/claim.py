"""What a claim costs while a long queue waits."""

from collections.abc import Sequence
from pathlib import Path

from audioprep.bridge.database.database import open_database
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.timestamps import utc_now
from benchmarks.counters import counters
from benchmarks.measurement import Measurement, Row
from benchmarks.rows import fill
from benchmarks.stack import open_stack

_BACKLOG, _CAPACITY, _MOST = 10_000, 5, 40


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    async with open_stack(folder) as stack:
        app = stack.deployment.app
        await fill(app, "complete", 10_000)
        await fill(app, "pending", 1000 if quick else _BACKLOG)
        costs = []
        async with open_database(stack.deployment.database_url) as database:
            store = JobStore(database)
            for _ in range(5):
                before = counters(stack.database_admin)
                found = await store.poll(utc_now(), capacity=_CAPACITY, with_processing=False)
                assert len(found.claimed) == _CAPACITY
                costs.append(counters(stack.database_admin) - before)
    read, written = max(cost.read for cost in costs), max(cost.written for cost in costs)
    return [
        Row("rows read by a claim, most of 5", str(read), goal=f"at most {_MOST}", reached=read <= _MOST),
        Row("rows written by a claim, most of 5", str(written)),
    ]


MEASUREMENT = Measurement(
    "claim",
    f"Claiming {_CAPACITY} rows",
    f"With {_BACKLOG:,} rows waiting and as many finished, one look of the bridge's store, counted by sqld itself.",
    run,
)
