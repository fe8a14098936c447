"""Evidence on one job, gathered from its row, its workflow and the bridges' reports."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from temporalio.client import Client

from audioprep.bridge.store.queue.pauses import PauseTable, pause_of
from audioprep.bridge.store.service import ServiceTable
from audioprep.bridge.store.store import JobStore
from audioprep.bridge.temporal.errors import TemporalUnavailable
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.temporal.inspection import Inspection
from audioprep.diagnosis.problems import Evidence
from audioprep.jobs.job import Job
from audioprep.jobs.timestamps import utc_now

_LONGEST = 200  # characters of an outage


async def gather_evidence(
    connect: Callable[[], Awaitable[Client]],
    task_queue: str,
    table_id: str,
    job: Job,
    rows: JobStore,
    service: ServiceTable,
    pauses: PauseTable,
) -> Evidence:
    """A Temporal that is away is part of the evidence. Raises DatabaseError."""
    in_flight = len((await rows.poll(utc_now(), capacity=0, with_processing=True)).processing)
    alive = await service.read(utc_now())
    pause = pause_of(job, await pauses.read(utc_now()))
    try:
        evidence = await _ask_temporal(await connect(), task_queue, table_id, job, in_flight)
    except (TemporalUnavailable, RuntimeError) as error:
        evidence = Evidence(job, None, None, (), in_flight, str(error).splitlines()[0][:_LONGEST])
    return replace(evidence, service=alive, pause=pause)


async def _ask_temporal(client: Client, task_queue: str, table_id: str, job: Job, in_flight: int) -> Evidence:
    inspection = Inspection(client, task_queue, table_id)
    seen, unreadable = None, ""
    try:
        seen = await Executions(client, task_queue, table_id).view(job.job_id)
    except (ValueError, LookupError) as error:  # no key for it, or not the right one
        unreadable = str(error).strip("'\"")
    return Evidence(
        job=job,
        seen=seen,
        execution=await inspection.execution(job.job_id),
        workers=await inspection.workers(),
        in_flight=in_flight,
        unreadable=unreadable,
    )
