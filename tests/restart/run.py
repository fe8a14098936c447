"""One restart, from empty servers to what was seen."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from benchmarks.stack import Stack, open_stack
from tests.support.carried import CARRIED
from tests.support.health import Health, watching_health
from tests.support.processes import Program, free_port, module
from tests.support.proxy import ProxyStats, counting_proxy
from tests.support.waiting import eventually
from tests.support.webapp import WebApp, now

WITHIN = 15.0  # seconds until the bridge is green, and until a new job has its workflow
WRITE_WITHIN = 5.0  # seconds for a write of the web app's own
DATABASE_CALLS, TEMPORAL_CALLS = 8, 20  # requests under way: the settings' defaults
_TYPE, _UNSERVED_QUEUE = "held", "without-a-worker"
_FILL = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " INSERT INTO audio_prep_jobs (jobId, type, status, metadata, createdAt, updatedAt)"
    " SELECT 'held-' || i, ?, 'pending', '{}', ?, ? FROM n"
)


@dataclass(frozen=True)
class Outcome:
    """Seconds from the start of the new process, which its imports are part of; requests under way at once."""

    jobs: int
    green: float | None
    started: float | None
    red: float
    longest_write: float
    writes: int
    database_calls: int
    temporal_calls: int
    followed: int
    watched: float

    @property
    def faults(self) -> list[str]:
        bounds = {
            "seconds until green": (self.green, WITHIN),
            "seconds until a new job has its workflow": (self.started, WITHIN),
            "seconds without green health": (self.red, WITHIN),
            "seconds of the longest write": (self.longest_write, WRITE_WITHIN),
            "requests to the database under way": (self.database_calls, DATABASE_CALLS),
            "requests to Temporal under way": (self.temporal_calls, TEMPORAL_CALLS),
        }
        return [
            f"{name}: {value}, at most {bound}"
            for name, (value, bound) in bounds.items()
            if value is None or value > bound
        ]

    def lines(self) -> list[tuple[str, str]]:
        return [
            ("jobs in flight", f"{self.jobs:,}, {self.followed:,} followed again after {self.watched:.0f} s"),
            ("green after", _seconds(self.green)),
            ("a new job has its workflow after", _seconds(self.started)),
            ("longest time without green health", _seconds(self.red)),
            ("longest of the app's own writes", f"{_seconds(self.longest_write)}, of {self.writes}"),
            ("requests to the database under way", f"at most {self.database_calls}"),
            ("requests to Temporal under way", f"at most {self.temporal_calls}"),
        ]


async def run_restart(folder: Path, *, jobs: int, watched: float) -> Outcome:
    """Jobs in flight on a queue without a worker; the bridge is killed, started again, and watched for some seconds
    after it has started a new job.
    """
    async with open_stack(folder) as stack, counting_proxy(stack.deployment.database_url) as (url, traffic):
        app, client = stack.deployment.app, await stack.client()
        bridge, counts, health_url = _bridge(stack, url, jobs)
        bridge.start()
        await app.sql(_FILL, jobs, _TYPE, now(), now())
        await eventually(lambda: _count(client, jobs), within=120 + jobs / 5, what=f"{jobs} jobs in flight")
        bridge.kill()
        counts.unlink()

        bridge.start()
        async with watching_health(health_url) as health, writing(app) as writes:
            began = time.monotonic()
            started = await _start_another(app, client, began)
            await asyncio.sleep(watched)
        return _outcome(jobs, health, started, writes, traffic, counts, watched)


def _bridge(stack: Stack, database_url: str, jobs: int) -> tuple[Program, Path, str]:
    """The bridge, not started yet, the file that it counts in, and the URL of its health."""
    deployment, port = stack.deployment, free_port()
    counts = deployment.folder / "temporal-requests.json"
    env = {
        **deployment.env,
        "TURSO_DATABASE_URL": database_url,
        "AUDIOPREP_HTTP_PORT": str(port),
        "AUDIOPREP_MAX_IN_FLIGHT": str(jobs + 100),
        "AUDIOPREP_ROUTES": json.dumps({_TYPE: f"{CARRIED}@{_UNSERVED_QUEUE}"}),
        "AUDIOPREP_TIMEOUT_DEFAULT": "3600",
    }
    program = module("tests.restart.counted_bridge", str(counts), log=deployment.folder / "bridge.log", env=env)
    deployment.programs.append(program)
    return program, counts, f"http://127.0.0.1:{port}/healthz"


async def _count(client: Client, jobs: int) -> bool:
    await asyncio.sleep(0.5)
    return (await client.count_workflows(f"WorkflowType = '{CARRIED}'")).count >= jobs


async def _start_another(app: WebApp, client: Client, began: float) -> float | None:
    """A job that comes as the bridge comes up; the seconds until it has its workflow, None if it had none in time."""
    job_id = await app.submit(_TYPE, {})
    handle = client.get_workflow_handle(await app.workflow_id(job_id))

    async def check() -> bool:
        with suppress(RPCError):
            return (await handle.describe()).id == handle.id
        return False

    with suppress(AssertionError):
        await eventually(check, within=4 * WITHIN)
        return time.monotonic() - began
    return None


@asynccontextmanager
async def writing(app: WebApp) -> AsyncIterator[list[float]]:
    """Writes of the web app's own, one after the other while the block lasts; the seconds each took."""
    took: list[float] = []

    async def write() -> None:
        while True:
            began = time.monotonic()
            try:
                await app.sql("UPDATE audio_prep_jobs SET metadata = metadata WHERE jobId = 'held-1'")
            finally:
                took.append(time.monotonic() - began)
            await asyncio.sleep(0.1)

    writer = asyncio.create_task(write())
    try:
        yield took
    finally:
        writer.cancel()
        with suppress(asyncio.CancelledError):
            await writer


def _outcome(
    jobs: int,
    health: Health,
    started: float | None,
    writes: list[float],
    traffic: ProxyStats,
    counts: Path,
    watched: float,
) -> Outcome:
    counted = json.loads(counts.read_text())
    return Outcome(
        jobs=jobs,
        green=health.first_green,
        started=started,
        red=health.longest,
        longest_write=max(writes),
        writes=len(writes),
        database_calls=traffic.most,
        temporal_calls=counted["most"],
        followed=counted["waiting"],
        watched=watched,
    )


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"
