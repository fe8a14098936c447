"""How long one row waits behind a flood, in turn between tenants and first in, first out."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.timestamps import utc_now
from benchmarks.measurement import Measurement, Row
from tests.support import processes
from tests.support.webapp import WebApp, now

_FLOOD, _CAPACITY = 1000, 4
_FILL = (
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)"
    " INSERT INTO audio_prep_jobs (jobId, type, metadata, createdAt, updatedAt)"
    " SELECT 'flood-' || i, 'ingest', iif(?, json_object('tenant', 'tenant' || (i % ?)), '{}'),"
    " printf('2026-01-01T00:%05d', i), '' FROM n"
)


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    flood = 100 if quick else _FLOOD
    rows = []
    for tenants in (1, 10, 100):
        fair, read = await _wait(folder / f"{tenants}-fair", flood, tenants, fair=True)
        plain, read_plain = await _wait(folder / f"{tenants}-plain", flood, tenants, fair=False)
        what = f"one row after {flood:,} of {tenants} other tenants: claims of {_CAPACITY} until it starts"
        round_ = -(-(tenants + 1) // _CAPACITY)  # claims until each tenant was served once
        rows.append(Row(what, str(fair), f"{plain} first in, first out", None, f"at most {round_}", fair <= round_))
        rows.append(Row("  rows read by a claim, mean", f"{read:.0f}", f"{read_plain:.0f}"))
    return rows


async def _wait(folder: Path, flood: int, tenants: int, *, fair: bool) -> tuple[int, float]:
    """Claims until the row of the last tenant is claimed, and the rows read by each. What is claimed ends at once."""
    await asyncio.to_thread(folder.mkdir)
    server, url = processes.sqld(folder)
    with processes.running(server):
        processes.wait_for_http(f"{url}/health", server)
        async with PipelineClient(url) as database:
            store, app = JobStore(database), WebApp(url)
            await store.migrate()
            await app.sql(_FILL, flood, int(fair), tenants)
            metadata = json.dumps({"tenant": "the last"} if fair else {})
            last = await app.submit("ingest", metadata, job_id="last")
            before = database.rows.read
            for claims in range(1, flood):
                claimed = (await store.poll(utc_now(), capacity=_CAPACITY, with_processing=False)).claimed
                if any(job.job_id == last for job in claimed):
                    return claims, (database.rows.read - before) / claims
                await app.sql("UPDATE audio_prep_jobs SET status = 'complete', updatedAt = ?"
                              " WHERE status = 'processing'", now())  # fmt: skip
    raise AssertionError("the row was never claimed")


MEASUREMENT = Measurement(
    "fairness",
    "One row behind a flood",
    f"{_FLOOD:,} rows of some tenants, then one of another; {_CAPACITY} rows a claim, which end before the next one."
    " Beside it the same rows without tenants. Rows read as sqld counts them.",
    run,
)
