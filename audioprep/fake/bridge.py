"""The fake bridge: claims, guarded writes and acknowledgements are those of the real one, the work is a script."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog
from libsql_client import Client

from audioprep.activities.storage.store import Storage
from audioprep.activities.storage.unfinished import remove_unfinished
from audioprep.bridge.store.identity import identify
from audioprep.bridge.store.store import JobStore
from audioprep.fake.results import FakeResults
from audioprep.fake.script import Script, beats, script_of
from audioprep.jobs.errors import ErrorKind, FailedResult, JobError
from audioprep.jobs.job import Job
from audioprep.jobs.registry import INGEST, JOB_TYPES
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()
INTERVAL = 0.2  # seconds between two polls


class _Refused(Exception):
    """Metadata that a bridge refuses before any step runs."""


@dataclass
class FakeBridge:
    """Runs the rows of one table, `slots` at once, until it is cancelled."""

    store: JobStore
    storage: Storage
    results: FakeResults
    script: Script = field(default_factory=Script)
    slots: int = 2
    _running: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _ignored: set[str] = field(default_factory=set)  # cancels that are never acknowledged, as their script says

    async def run(self) -> None:
        """Poll, claim and acknowledge; jobs that run end with it, and their rows stay as they are."""
        try:
            while True:
                await self._poll()
                await asyncio.sleep(INTERVAL)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _poll(self) -> None:
        self._running = {job_id: task for job_id, task in self._running.items() if not task.done()}
        found = await self.store.poll(utc_now(), capacity=self.slots - len(self._running), with_processing=False)
        for job in found.cancel_requested:
            if job.job_id not in self._ignored:
                await self._end_cancelled(job)
        for job in found.claimed:
            self._running[job.job_id] = asyncio.create_task(self._run(job), name=job.job_id)

    async def _end_cancelled(self, job: Job) -> None:
        """Stop what runs for the row, discard what it left, and only then acknowledge."""
        if not script_of(await self.store.metadata(job.job_id), self.script).acknowledges:
            self._ignored.add(job.job_id)
            return
        if (task := self._running.pop(job.job_id, None)) is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._discard(job)
        await self.store.acknowledge_cancel(job.job_id, utc_now())

    async def _run(self, job: Job) -> None:
        try:
            await self._play(job)
        except _Refused as refusal:
            await self.store.fail(job.job_id, str(refusal), FailedResult.of(ErrorKind.INVALID_PAYLOAD, 0), utc_now())
        except JobError as error:
            await self._discard(job)
            await self.store.fail(job.job_id, error.message, FailedResult.of(error.kind.value, 1), utc_now())
        except Exception as error:
            log.exception("fake_job_failed", job_id=job.job_id)
            facts = FailedResult.of("Unexpected", 1)
            await self.store.fail(job.job_id, f"The fake bridge failed: {type(error).__name__}.", facts, utc_now())

    async def _play(self, job: Job) -> None:
        metadata = job.metadata or await self.store.metadata(job.job_id) or ""
        kind = JOB_TYPES.find(job.type)
        try:
            payload = kind.parse(metadata)
        except JobError as error:
            raise _Refused(error.message) from None
        script = script_of(metadata, self.script)
        row = job
        for beat in beats(kind, script):
            written = await self.store.write_progress(row, beat.stage, beat.progress, 0, utc_now())
            if written is None:
                return  # cancelled, or another program's by now
            row = written
            await asyncio.sleep(beat.pause.total_seconds())
        if script.failure:
            error_kind, sentence = script.failure
            await self.store.fail(job.job_id, sentence, FailedResult.of(error_kind.value, 1), utc_now())
            return
        result = await self.results.make(job, payload)
        await self.store.complete(job.job_id, result.model_dump_json(), utc_now(), list(kind.shares)[-1])

    async def _discard(self, job: Job) -> None:
        if job.type == INGEST.name:
            await remove_unfinished(self.storage, self.results.asset_of(job))


@asynccontextmanager
async def open_fake(
    database: Client, url: str, storage: Storage, script: Script, slots: int
) -> AsyncIterator[FakeBridge]:
    """A fake bridge on an open database, whose tables are made where they are missing."""
    store = JobStore(database)
    await store.migrate()
    identity = await identify(database, url)
    yield FakeBridge(store, storage, FakeResults(storage, identity.table_id), script, slots)
