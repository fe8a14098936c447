"""Job ids for the shell's completion: from the newest rows, and only when the database answers at once.

A shell evaluates what it is offered, so that an id with other characters than these is never offered.
"""

import asyncio
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from audioprep.jobs.job import Job

_OFFERED = 20  # rows read for one press of the tab key
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._-]")  # in a description: even colons part words in some shells
_TIMEOUT = 1.0  # seconds: nobody waits longer for a completion


def newest_ids(incomplete: str) -> list[tuple[str, str]]:
    """Any job."""
    return _matching(incomplete, lambda _: True)


def cancellable_ids(incomplete: str) -> list[tuple[str, str]]:
    """Jobs that can still be cancelled."""
    return _matching(incomplete, lambda job: not job.status.is_final)


def retryable_ids(incomplete: str) -> list[tuple[str, str]]:
    """Jobs that ended without a result."""
    return _matching(incomplete, lambda job: job.status.is_final and job.status.value != "complete")


def _matching(incomplete: str, fits: "Callable[[Job], bool]") -> list[tuple[str, str]]:
    try:
        jobs = asyncio.run(_newest())
    except Exception:  # a shell that completes must never print a trace: no ids are as good as none
        return []
    return [
        (job.job_id, _UNSAFE.sub("-", f"{job.type[:40]} {job.status.value} {job.created_at[:40]}"))
        for job in jobs
        if _SAFE_ID.fullmatch(job.job_id) and job.job_id.startswith(incomplete) and fits(job)
    ]


async def _newest() -> "list[Job]":
    from audioprep.cli.table import open_table
    from audioprep.cli.target import aim_quietly

    async with asyncio.timeout(_TIMEOUT), open_table(aim_quietly()) as table:
        return await table.lists.newest(_OFFERED)
