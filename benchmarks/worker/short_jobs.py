"""Ingests of one second of sound on real roles, and when Temporal and the database say that something happened."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from benchmarks.stack import Stack, open_stack
from benchmarks.waking import post_wake, start_bridge
from tests.support.audio import make_audio
from tests.support.fake_programs import slow_ffmpeg
from tests.support.pollers import until_polling

SHORT, LONG = (
    {"sourceType": "audio_file", "storageKey": "uploads/short.mp3"},
    {"sourceType": "audio_file", "storageKey": "uploads/long.mp3"},
)
_SPEED = 4.0  # times real time that ffmpeg reads: the long file is there all the while, the short one soon gone
_WATCH_ENDS = (
    "CREATE TABLE IF NOT EXISTS ends (jobId TEXT PRIMARY KEY, at REAL)",
    "CREATE TRIGGER IF NOT EXISTS on_end AFTER UPDATE OF status ON audio_prep_jobs WHEN NEW.status = 'complete'"
    " BEGIN INSERT OR IGNORE INTO ends VALUES (NEW.jobId, (julianday('now') - 2440587.5) * 86400.0); END",
)


@dataclass(frozen=True, slots=True)
class ShortJobs:
    """One bridge and one worker with a user's defaults; times are seconds since the epoch."""

    stack: Stack
    client: Client
    wake_url: str

    async def start_long(self) -> str:
        """A job that stays in flight until it is cancelled."""
        app = self.stack.deployment.app
        job_id = await app.submit("ingest", LONG)
        await app.until(job_id, "processing", stage="analyzing")
        return job_id

    async def run(self, *, wake: bool) -> tuple[str, float]:
        """A short job, complete. Its id, and when its row began to be inserted."""
        app = self.stack.deployment.app
        inserted = time.time()
        job_id = await app.submit("ingest", SHORT)
        if wake:
            await post_wake(self.wake_url)
        row = await app.finished(job_id)
        assert row["status"] == "complete", row["error"]
        return job_id, inserted

    async def first_start(self, job_id: str) -> float:
        """When its first activity began to run."""
        return (await self._times(job_id, EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED))[0]

    async def last_step(self, job_id: str) -> float:
        """When its last activity was done."""
        return (await self._times(job_id, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED))[-1]

    async def ended(self, job_id: str) -> float:
        """When its row became complete, by the clock of a trigger in the database."""
        return float((await self.stack.deployment.app.sql("SELECT at FROM ends WHERE jobId = ?", job_id))[0]["at"])

    async def _times(self, job_id: str, kind: "EventType.ValueType") -> list[float]:
        history = await self.client.get_workflow_handle(
            await self.stack.deployment.app.workflow_id(job_id)
        ).fetch_history()
        return [event.event_time.ToNanoseconds() / 1e9 for event in history.events if event.event_type == kind]


@asynccontextmanager
async def open_short_jobs(folder: Path) -> AsyncIterator[ShortJobs]:
    """Bridge and worker run, and wait for work."""
    async with open_stack(folder) as stack:
        deployment = stack.deployment
        for statement in _WATCH_ENDS:
            await deployment.app.sql(statement)
        for name, seconds in (("short", 1), ("long", 1800)):
            deployment.upload(make_audio(folder / f"{name}.mp3", seconds), f"uploads/{name}.mp3")
        deployment.extra["PATH"] = slow_ffmpeg(folder / "bin", _SPEED)
        wake_url = start_bridge(deployment)
        worker = deployment.start("worker")
        client = await stack.client()
        await until_polling(client, deployment.task_queue, worker)
        yield ShortJobs(stack, client, wake_url)
