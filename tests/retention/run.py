"""One run: a full table, a bridge that deletes what is old, and jobs all the while."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from audioprep.bridge import Bridge, BridgeOptions
from audioprep.bridge.database.pipeline_client import PipelineClient
from audioprep.bridge.metrics import Metrics
from audioprep.bridge.services.pruner import Pruner
from audioprep.bridge.store.retention import PAGE, KeepRules, RetentionStore
from audioprep.jobs.job import Job
from audioprep.jobs.status import JobStatus
from audioprep.jobs.timestamps import from_text
from benchmarks.figures import median, quantile
from benchmarks.rows import fill, submit_trials
from benchmarks.stack import Stack, open_stack
from benchmarks.trial.job import TRIAL_ROUTES, TrialPayload
from tests.support.foreign import changed_foreign, insert_foreign, remember_foreign
from tests.support.waiting import eventually
from tests.support.webapp import WebApp

Done = Callable[[], Awaitable[bool]]

_KEEP = timedelta(minutes=30)
_YOUNG = 1_000  # finished rows that must stay
_FOREIGN = 10_000
_MOST_READ = 6 * PAGE  # rows in one pass: each is found, looked at, and deleted by its id, which names it twice more
_MUCH_LATER = 0.15  # seconds by which the median claim may come later
_PAUSE = 0.25  # seconds between two jobs
_OLD = (
    "UPDATE audio_prep_jobs SET createdAt = strftime('%Y-%m-%dT%H:%M:%fZ', createdAt, '-1 hour'),"
    " updatedAt = strftime('%Y-%m-%dT%H:%M:%fZ', updatedAt, '-1 hour')"
)


@dataclass
class Passes:
    """Rows read and seconds of each pass that deleted or looked for rows."""

    read: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    rows: int
    left: int
    took: float
    passes: Passes
    claims_before: list[float]
    claims_meanwhile: list[float]
    changed: int
    unfinished: int

    @property
    def faults(self) -> list[str]:
        later = median(self.claims_meanwhile or [0.0]) - median(self.claims_before or [0.0])
        found = {
            f"{self.left} old rows are left": self.left > 0,
            f"{self.changed} rows that had to stay are changed or gone": self.changed > 0,
            f"{self.unfinished} jobs that ran meanwhile are not complete": self.unfinished > 0,
            f"a pass read {max(self.passes.read)} rows, at most {_MOST_READ}": max(self.passes.read) > _MOST_READ,
            f"the median claim came {later:.3f} s later, at most {_MUCH_LATER}": later > _MUCH_LATER,
        }
        return [sentence for sentence, wrong in found.items() if wrong]

    def lines(self) -> list[tuple[str, str]]:
        read, seconds = self.passes.read, self.passes.seconds
        return [
            ("old rows deleted", f"{self.rows - self.left:,} of {self.rows:,} in {self.took:.0f} s"),
            ("passes", f"{len(read):,}"),
            ("rows read in a pass", f"{median(read):,.0f}, at most {max(read):,}"),
            ("seconds of a pass", f"{median(seconds):.3f}, 99 % {quantile(seconds, 0.99):.3f}, max {max(seconds):.3f}"),
            ("rows that had to stay, changed", f"{self.changed}"),
            ("INSERT to claim without retention", _claims(self.claims_before)),
            ("INSERT to claim meanwhile", _claims(self.claims_meanwhile)),
        ]


async def run_retention(folder: Path, *, rows: int, before: float) -> Outcome:
    """`rows` old rows are deleted while a job comes every quarter of a second."""
    async with open_stack(folder) as stack:
        app = stack.deployment.app
        stack.start_trial_worker()
        await _fill(app, rows)
        async with _serving(stack, KeepRules()) as (bridge, claims, _):
            await _submit_until(app, bridge, _after(before))
            claims_before = _steady(claims)
        keep = KeepRules(dict.fromkeys((JobStatus.COMPLETE, JobStatus.FAILED, JobStatus.CANCELLED), _KEEP))
        async with _serving(stack, keep) as (bridge, claims, passes):
            began = time.monotonic()
            await _submit_until(app, bridge, lambda: _is_clean(app))
            took = time.monotonic() - began
            unfinished = await _unfinished(app)
        return Outcome(
            rows=rows,
            left=await _count(app, "SELECT count(*) AS n FROM audio_prep_jobs WHERE jobId IN (SELECT jobId FROM old)"),
            took=took,
            passes=passes,
            claims_before=claims_before,
            claims_meanwhile=_steady(claims),
            changed=await _changed(app),
            unfinished=unfinished,
        )


async def _fill(app: WebApp, rows: int) -> None:
    """Old rows of three final states; then young ones and rows of other programs, which are remembered."""
    for status, share in (("complete", 0.8), ("failed", 0.15), ("cancelled", 0.05)):
        await fill(app, status, round(rows * share))
    await app.sql("UPDATE audio_prep_jobs SET stage = NULL WHERE status = 'cancelled'")
    await app.sql(_OLD)
    await app.sql("CREATE TABLE old AS SELECT jobId FROM audio_prep_jobs")
    await fill(app, "complete", _YOUNG)
    await app.sql("CREATE TABLE young AS SELECT * FROM audio_prep_jobs WHERE jobId NOT IN (SELECT jobId FROM old)")
    await insert_foreign(app, pending=_FOREIGN // 2, processing=_FOREIGN // 4, cancelled=_FOREIGN // 4)
    await remember_foreign(app)


@asynccontextmanager
async def _serving(stack: Stack, keep: KeepRules) -> AsyncIterator[tuple[Bridge, list[float], Passes]]:
    """A bridge, when it claimed, in seconds from the INSERT, and its passes."""
    routes = json.loads(TRIAL_ROUTES["AUDIOPREP_ROUTES"])
    options = BridgeOptions(task_queue=stack.deployment.task_queue, routes=routes, keep=keep, max_in_flight=20)
    url = stack.deployment.database_url
    with _timed_claims() as claims:
        async with _counted_passes(url) as passes, Bridge.open(url, await stack.client(), options) as bridge:
            serving = asyncio.create_task(bridge.run())
            try:
                yield bridge, claims, passes
            finally:
                bridge.stop()
                await serving


@contextmanager
def _timed_claims() -> Iterator[list[float]]:
    claims: list[float] = []
    original = Metrics.claimed

    def claimed(self: Metrics, jobs: Iterable[Job], now: datetime) -> None:
        jobs = list(jobs)
        claims.extend((now - from_text(job.created_at)).total_seconds() for job in jobs)
        original(self, jobs, now)

    with mock.patch.object(Metrics, "claimed", claimed):
        yield claims


@asynccontextmanager
async def _counted_passes(url: str) -> AsyncIterator[Passes]:
    """The pruner has a connection of its own, whose rows are its alone."""
    passes = Passes()
    make, run_once = RetentionStore.__init__, Pruner.run_once

    async with PipelineClient(url) as client:

        async def counted(self: Pruner) -> None:
            before, began = client.rows.read, time.monotonic()
            await run_once(self)
            passes.read.append(client.rows.read - before)
            passes.seconds.append(time.monotonic() - began)

        with (
            mock.patch.object(RetentionStore, "__init__", lambda self, _: make(self, client)),
            mock.patch.object(Pruner, "run_once", counted),
        ):
            yield passes


async def _submit_until(app: WebApp, bridge: Bridge, done: Done) -> None:
    while not await done():
        await submit_trials(app, 1, TrialPayload())
        bridge.wake()
        await asyncio.sleep(_PAUSE)


def _after(seconds: float) -> Done:
    end = time.monotonic() + seconds

    async def check() -> bool:
        return time.monotonic() > end

    return check


async def _is_clean(app: WebApp) -> bool:
    statement = (
        "SELECT EXISTS (SELECT 1 FROM audio_prep_jobs INDEXED BY idx_jobs_served WHERE status = ? AND type = 'ingest'"
        " AND createdAt < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-45 minutes')) AS n"
    )
    return not any([await _count(app, statement, status) for status in ("complete", "failed", "cancelled")])


async def _unfinished(app: WebApp) -> int:
    """Of the jobs that ran meanwhile, after a moment for the last ones."""
    left = "SELECT count(*) AS n FROM audio_prep_jobs WHERE type = 'trial' AND status <> 'complete'"

    async def none() -> bool:
        return await _count(app, left) == 0

    try:
        await eventually(none, within=30)
    except AssertionError:
        return await _count(app, left)
    return 0


async def _changed(app: WebApp) -> int:
    kept = "SELECT * FROM audio_prep_jobs WHERE jobId IN (SELECT jobId FROM young)"
    gone = await _count(app, f"SELECT count(*) AS n FROM (SELECT * FROM young EXCEPT {kept})")
    return gone + await changed_foreign(app)


async def _count(app: WebApp, statement: str, *arguments: str) -> int:
    return int((await app.sql(statement, *arguments))[0]["n"])


def _steady(claims: list[float]) -> list[float]:
    """Without the first few, in which connections are made."""
    return claims[5:]


def _claims(claims: list[float]) -> str:
    if not claims:
        return "none"
    return f"median {median(claims):.3f} s, 95 % {quantile(claims, 0.95):.3f} s, of {len(claims)}"
