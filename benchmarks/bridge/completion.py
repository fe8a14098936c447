"""How soon a row is complete: from its last activity done to the final status in the database."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import median, quantile
from benchmarks.measurement import Measurement, Row, at_most
from benchmarks.worker.short_jobs import ShortJobs, open_short_jobs


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    count = 4 if quick else 40
    async with open_short_jobs(folder) as jobs:
        await jobs.run(wake=True)
        waits = [await _completion(jobs) for _ in range(count)]
    return [
        Row(f"median of {count}", f"{median(waits):.3f} s"),
        at_most("95 %", quantile(waits, 0.95), 0.4, "s", digits=3),
    ]


async def _completion(jobs: ShortJobs) -> float:
    job_id, _ = await jobs.run(wake=True)
    return await jobs.ended(job_id) - await jobs.last_step(job_id)


MEASUREMENT = Measurement(
    "completion",
    "Completion: last activity done to row complete",
    "Real ingests, one after the other. Begin by Temporal's history, end by a trigger in the database.",
    run,
)
