"""A bridge with a thousand jobs in its care: its CPU time, and what it asks of database and Temporal."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from benchmarks.counters import Counters, counters
from benchmarks.measurement import Measurement, Row, at_most
from benchmarks.rows import submit_trials
from benchmarks.stack import Stack, open_stack
from benchmarks.trial.job import TrialPayload
from tests.support.pollers import until_polling
from tests.support.processes import Program
from tests.support.waiting import eventually

_BEAT = 20.0  # seconds between two heartbeats of a job, each with other progress
_CORES = 0.5
_ASKED_BY_BRIDGE = {
    "DescribeWorkflowExecution": "looks",
    "PollWorkflowExecutionHistory": "long polls",
    "GetWorkflowExecutionHistory": "histories",
    "DescribeNamespace": "checks",
    "ListWorkflowExecutions": "lists",
}
_LOOKS = 50  # per second: AUDIOPREP_DESCRIBES_PER_SECOND
_LONG_POLL = 20.0  # seconds after which Temporal has one asked anew: history.longPollExpirationInterval


async def run(folder: Path, quick: bool) -> Sequence[Row]:
    jobs, watched = (100, 10.0) if quick else (1000, 60.0)
    async with open_stack(folder) as stack:
        stack.deployment.extra |= {
            "AUDIOPREP_MAX_IN_FLIGHT": str(jobs),
            "AUDIOPREP_ACTIVITY_SLOTS": str(jobs),
            "AUDIOPREP_TIMEOUT_DEFAULT": "3600",
        }
        worker, bridge = stack.start_trial_worker(), stack.deployment.start("bridge")
        await until_polling(await stack.client(), stack.deployment.task_queue, worker)
        await _fill(stack, jobs)
        cpu, spent, asked = await _watch(stack, bridge, watched)
    return [
        at_most(f"{jobs:,} jobs in flight: CPU of the bridge", cpu, _CORES, "cores"),
        Row("requests to the database", f"{spent.requests / watched:.1f} a second"),
        Row("rows read / written", f"{spent.read / watched:.1f} / {spent.written / watched:.1f} a second"),
        *_asked(asked, watched, jobs),
    ]


async def _fill(stack: Stack, jobs: int) -> None:
    """Until every job's step runs."""
    app = stack.deployment.app
    await submit_trials(app, jobs, TrialPayload(seconds=1200, beat=_BEAT))

    async def check() -> bool:
        await asyncio.sleep(1)
        (row,) = await app.sql("SELECT count(*) AS n FROM audio_prep_jobs WHERE stage = 'downloading'")
        return int(row["n"]) == jobs

    await eventually(check, within=300, what=f"{jobs} jobs in flight")
    await asyncio.sleep(_BEAT / 2)


async def _watch(stack: Stack, bridge: Program, watched: float) -> tuple[float, Counters, dict[str, float]]:
    process = psutil.Process(bridge.pid)
    before, counted, asked = _cpu(process), counters(stack.database_admin), stack.temporal_requests()
    began = time.monotonic()
    await asyncio.sleep(watched)
    took = time.monotonic() - began
    after = stack.temporal_requests()
    each = {name: after.get(name, 0) - asked.get(name, 0) for name in _ASKED_BY_BRIDGE}
    return (_cpu(process) - before) / took, counters(stack.database_admin) - counted, each


def _asked(asked: Mapping[str, float], watched: float, jobs: int) -> list[Row]:
    """The requests only a bridge makes; those of the worker are others."""
    rates = {operation: count / watched for operation, count in asked.items()}
    said = ", ".join(f"{rates[operation]:.1f} {name}" for operation, name in _ASKED_BY_BRIDGE.items())
    total, bound = sum(rates.values()), round(_LOOKS + jobs / _LONG_POLL + 5)
    return [Row("requests to Temporal, a second", f"{total:.1f}: {said}", "", None, f"at most {bound}", total <= bound)]


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


MEASUREMENT = Measurement(
    "inflight",
    "A thousand jobs in flight",
    f"One bridge, trial jobs whose progress changes every {_BEAT:g} s, watched for a minute. Looks are"
    " bounded by `AUDIOPREP_DESCRIBES_PER_SECOND` (50), whatever the number of jobs; a long poll for the end of each is"
    " renewed when Temporal answers it empty, every 20 s.",
    run,
)
