"""The kind of worker that audioprep takes over from: it polls the table, claims a row and works on it by itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.support.webapp import WebApp, now

_CLAIM = (
    "UPDATE audio_prep_jobs SET status = 'processing', stage = 'downloading', updatedAt = ?"
    " WHERE jobId = (SELECT jobId FROM audio_prep_jobs WHERE status = 'pending' AND type = 'ingest'"
    " ORDER BY createdAt LIMIT 1)"
    " AND status = 'pending' RETURNING jobId"
)
_TOUCH = "UPDATE audio_prep_jobs SET updatedAt = ? WHERE jobId = ? AND status = 'processing'"
_COMPLETE = (
    "UPDATE audio_prep_jobs SET status = 'complete', progress = 100, result = '{\"by\": \"poll loop\"}', updatedAt = ?"
    " WHERE jobId = ? AND status = 'processing' RETURNING jobId"
)
_ACKNOWLEDGE = (
    "UPDATE audio_prep_jobs SET stage = NULL, progress = 0, updatedAt = ? WHERE jobId = ? AND status = 'cancelled'"
)
_HEARTBEAT = 5.0  # seconds
_PAUSE = 0.1  # seconds between two looks at an empty queue


class PollLoop:
    """One such worker, which knows ingests alone. `done` lists the jobs that it completed."""

    def __init__(self, app: WebApp, work: float) -> None:
        self._app = app
        self._work = work
        self.done: list[str] = []

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            claimed = await self._app.sql(_CLAIM, now())
            if not claimed:
                await asyncio.sleep(_PAUSE)
                continue
            job_id = str(claimed[0]["jobId"])
            async with self._heartbeat(job_id):
                await asyncio.sleep(self._work)
            if await self._app.sql(_COMPLETE, now(), job_id):
                self.done.append(job_id)
            else:
                await self._app.sql(_ACKNOWLEDGE, now(), job_id)

    @contextlib.asynccontextmanager
    async def _heartbeat(self, job_id: str) -> AsyncIterator[None]:
        async def beat() -> None:
            while True:
                await asyncio.sleep(_HEARTBEAT)
                await self._app.sql(_TOUCH, now(), job_id)

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
