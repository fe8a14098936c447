"""Live updates of running jobs: a long poll each, bounded in number."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from audioprep.bridge.database.errors import DatabaseError
from audioprep.bridge.temporal.errors import TemporalUnavailable
from audioprep.bridge.temporal.executions import Executions
from audioprep.bridge.views import WorkflowView
from audioprep.encryption.payload_keys import UnreadablePayload

log = structlog.get_logger()

_FEW: Final = (
    16  # jobs of which each stage is followed as it comes; with more, only their ends, and stages by the looks
)
# Jobs followed, at most; the others have their looks. A Temporal server takes 1,200 long polls of histories in a
# namespace (`frontend.namespaceCount`), and two bridges are the normal case at a deploy.
_MOST_FOLLOWED: Final = 500

MOMENTARY: Final = (TemporalUnavailable, DatabaseError)
"""Errors of the other side that are not ours to mend: back off and look again. A StatementRefused is a row's own."""


class Followers:
    """`settle` is called with a job's id and each update; it returns False once the job is of no interest any more."""

    def __init__(self, executions: Executions, settle: Callable[[str, WorkflowView | None], Awaitable[bool]]) -> None:
        self._executions = executions
        self._settle = settle
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def follow(self, job_id: str) -> None:
        if job_id not in self._tasks and len(self._tasks) < _MOST_FOLLOWED:
            follower = asyncio.create_task(self._walk(job_id), name=f"follow {job_id}")
            self._tasks[job_id] = follower
            follower.add_done_callback(lambda _: self._tasks.pop(job_id, None))

    async def close(self) -> None:
        followers = list(self._tasks.values())
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)

    async def _walk(self, job_id: str) -> None:
        """Settle the job the moment there is an update. Whatever breaks this off, the periodic look replaces."""
        try:
            async for seen in self._executions.follow(job_id, stages=len(self._tasks) <= _FEW):
                if not await self._settle(job_id, seen):
                    return
        except (*MOMENTARY, UnreadablePayload) as error:
            log.info("follow_broken_off", job_id=job_id, error=str(error))
        except Exception:
            log.exception("follow_failed", job_id=job_id)
