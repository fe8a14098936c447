"""How many jobs a second: trial jobs through the table, against the same workflows started by a bare client."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

from audioprep.jobs.request import JobRequest
from benchmarks.figures import median, spread
from benchmarks.measurement import Measurement, Row, ratio_at_least
from benchmarks.rows import submit_trials
from benchmarks.stack import Stack, open_stack
from benchmarks.trial.job import TRIAL, TRIAL_WORKFLOW, TrialPayload
from benchmarks.waking import post_wake, start_bridge
from benchmarks.worker.cpu import CpuMeter, CpuTimes, added, since, told
from tests.support.pollers import until_polling
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

_AT_ONCE = 100


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    jobs, rounds = (100, 1) if quick else (300, 5)
    ours, bare = [], []
    spent: dict[str, CpuTimes] = {"ours": {}, "bare": {}}
    async with open_stack(folder) as stack:
        client, wake_url = await _set_up(stack)
        worker, bridge = stack.deployment.programs
        meter = CpuMeter(stack, {"worker": worker.pid, "bridge": bridge.pid})
        await _through_the_table(stack.deployment.app, wake_url, 50)
        await _by_a_bare_client(client, stack.deployment.task_queue, 50)
        for _ in range(rounds):
            before = meter.read()
            bare.append(jobs / await _by_a_bare_client(client, stack.deployment.task_queue, jobs))
            between = meter.read()
            ours.append(jobs / await _through_the_table(stack.deployment.app, wake_url, jobs))
            spent["bare"] = added(spent["bare"], since(before, between))
            spent["ours"] = added(spent["ours"], since(between, meter.read()))
    ratio = median([mine / theirs for mine, theirs in zip(ours, bare, strict=True)])
    return [
        ratio_at_least(f"{jobs} jobs that do nothing, jobs per second", spread(ours, 1), spread(bare, 1), ratio, 0.85),
        Row("CPU per job", told(spent["ours"], jobs * rounds), told(spent["bare"], jobs * rounds)),
    ]


async def _set_up(stack: Stack) -> tuple[Client, str]:
    deployment = stack.deployment
    deployment.extra |= {"AUDIOPREP_MAX_IN_FLIGHT": str(_AT_ONCE), "AUDIOPREP_ACTIVITY_SLOTS": str(_AT_ONCE)}
    client = await stack.client()
    worker = stack.start_trial_worker()
    wake_url = start_bridge(deployment)
    await until_polling(client, deployment.task_queue, worker)
    return client, wake_url


async def _through_the_table(app: WebApp, wake_url: str, count: int) -> float:
    """Seconds from the insert to the last complete row."""
    began = time.monotonic()
    prefix = await submit_trials(app, count, TrialPayload())
    await post_wake(wake_url)

    async def check() -> bool:
        await asyncio.sleep(0.2)  # looking has its price, and would be paid by the rows alone
        left = "SELECT 1 FROM audio_prep_jobs WHERE status IN ('pending', 'processing') LIMIT 1"
        return not await app.sql(left)

    await eventually(check, within=120, what="end of all jobs")
    took = time.monotonic() - began
    (done,) = await app.sql(
        "SELECT count(*) AS n, (julianday('now') - julianday(max(updatedAt))) * 86400 AS ago FROM audio_prep_jobs"
        " WHERE jobId LIKE ? AND status = 'complete'",
        f"{prefix}-%",
    )
    assert done["n"] == count, done
    return took - float(done["ago"])


async def _by_a_bare_client(client: Client, task_queue: str, count: int) -> float:
    """Seconds from the first start to the last result, as many at once as the bridge has in flight."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one() -> None:
        job_id = str(uuid.uuid4())
        request = JobRequest[TrialPayload](job_id=job_id, type=TRIAL, payload=TrialPayload())
        async with free:
            await client.execute_workflow(
                TRIAL_WORKFLOW,
                request,
                id=request.workflow_id,
                task_queue=task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                execution_timeout=timedelta(hours=1),
            )

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(one())
    return time.monotonic() - began


MEASUREMENT = Measurement(
    "throughput",
    "Jobs that do nothing",
    f"From INSERT and POST /wake to the last row complete, {_AT_ONCE} in flight, against a client that starts the same"
    " workflows and awaits their results, as many at once, on the same worker, in turn. Median (smallest..largest) of"
    " 5 rounds.",
    run,
)
