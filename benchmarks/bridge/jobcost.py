"""What one job costs the database, from INSERT to complete."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from benchmarks.counters import Counters, counters
from benchmarks.measurement import Measurement, Row
from benchmarks.pages import page
from benchmarks.rows import fill
from benchmarks.stack import Stack, open_stack
from benchmarks.waking import start_bridge
from tests.support.audio import make_audio
from tests.support.fake_programs import slow_ffmpeg
from tests.support.pollers import until_polling
from tests.support.waiting import eventually

_READ, _WRITTEN = 60, 80
_SETTLED = 2.0  # seconds after the workflow has closed, in which its row is completed


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    seconds = 8 if quick else 60
    async with open_stack(folder) as stack:
        deployment = stack.deployment
        await fill(deployment.app, "complete", 10_000)
        deployment.extra["PATH"] = slow_ffmpeg(folder / "bin")
        deployment.upload(make_audio(folder / "tone.mp3", seconds), "uploads/tone.mp3")
        metrics = start_bridge(deployment).replace("/wake", "/metrics")
        worker = deployment.start("worker")
        client = await stack.client()
        await until_polling(client, deployment.task_queue, worker)
        before, counted = await asyncio.to_thread(_bridges_rows, metrics), counters(stack.database_admin)
        await _job(stack, client, seconds)
        after, spent = await asyncio.to_thread(_bridges_rows, metrics), counters(stack.database_admin) - counted
    return _rows(seconds, after[0] - before[0], after[1] - before[1], spent)


def _rows(seconds: int, read: int, written: int, spent: Counters) -> list[Row]:
    return [
        Row(f"rows read for a {seconds} s job", str(read), goal=f"at most {_READ}", reached=read <= _READ),
        Row(
            "rows written, INSERT included",
            str(spent.written),
            "",
            None,
            f"at most {_WRITTEN}",
            spent.written <= _WRITTEN,
        ),
        Row("of these by the bridge", str(written)),
        Row("requests", str(spent.requests)),
        Row("rows read in the server's statistics, where a statement that reads none counts as one", str(spent.read)),
    ]


async def _job(stack: Stack, client: Client, seconds: int) -> None:
    """One job, from INSERT to complete, watched from the Temporal side so that watching costs the table nothing."""
    app = stack.deployment.app
    job_id = await app.submit("ingest", {"sourceType": "audio_file", "storageKey": "uploads/tone.mp3"})

    async def closed() -> bool:
        await asyncio.sleep(0.2)
        try:
            return (await client.get_workflow_handle(await app.workflow_id(job_id)).describe()).close_time is not None
        except RPCError:
            return False  # not started yet

    await eventually(closed, within=seconds + 60, what="end of the job")
    await asyncio.sleep(_SETTLED)
    assert (await app.row(job_id))["status"] == "complete"


def _bridges_rows(metrics: str) -> tuple[int, int]:
    """Rows read and written for the bridge, as sqld reported them with each answer."""
    found = dict(re.findall(r'^audioprep_database_rows_total\{what="(\w+)"\} (\S+)$', page(metrics), re.MULTILINE))
    return int(float(found["read"])), int(float(found["written"]))


MEASUREMENT = Measurement(
    "jobcost",
    "Rows of a whole job",
    "An ingest that takes a minute, with 10,000 finished rows in the table, every look of the bridge meanwhile"
    " included. Rows are what sqld reports with its answers.",
    run,
)
