"""An ingest that cannot go on leaves nothing in storage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

from audioprep.activities.attempt.shielding import finish
from audioprep.activities.storage.store import Storage
from audioprep.jobs import keys
from audioprep.jobs.errors import JobError


@asynccontextmanager
async def removed_on_failure(storage: Storage, asset_id: str) -> AsyncIterator[None]:
    """Remove what the ingest has stored so far when its job ends with this block: an attempt that will not be repeated.

    An asset that an earlier ingest has finished stays.
    """
    try:
        yield
    except BaseException as error:
        if _ends_the_job(error):
            await finish(_remove(storage, asset_id))
        raise


async def remove_other_originals(storage: Storage, asset_id: str, key: str) -> None:
    """Remove originals of earlier attempts whose source was of another form than the one under `key`."""
    for other in [found.key async for found in storage.list(keys.asset_folder(asset_id))]:
        if keys.is_original(other) and other != key:
            await storage.delete(other)


def _ends_the_job(error: BaseException) -> bool:
    """A permanent error, any error of the last attempt, or a cancel of the job: not one of a worker that shuts down."""
    if isinstance(error, asyncio.CancelledError):
        details = activity.cancellation_details()
        return details is not None and details.cancel_requested
    if isinstance(error, JobError) and not error.retryable:
        return True
    info = activity.info()
    policy = info.retry_policy
    return isinstance(error, Exception) and policy is not None and 0 < policy.maximum_attempts <= info.attempt


async def _remove(storage: Storage, asset_id: str) -> None:
    stored = [found.key async for found in storage.list(keys.asset_folder(asset_id))]
    if keys.metadata(asset_id) in stored:
        return
    for key in stored:
        await storage.delete(key)
