"""Deletion of an asset, and writes into one that may be deleted meanwhile.

Neither locks the other. A deletion removes what it finds until it finds nothing; a writer looks after its write whether
the asset is still there, and removes what it wrote if not. An asset is there while it has `metadata.json` or an
original. If the writer still sees one of them, its write came before their removal, and so before the last look of the
deletion.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from temporalio import activity

from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.objects import StoredObject
from audioprep.activities.storage.store import Storage
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, PermanentError


async def delete_asset(
    storage: Storage, cache: ObjectCache, asset_id: str, on_object: Callable[[StoredObject], None]
) -> None:
    """Remove all objects of an asset, `metadata.json` first: what is left of it after a crash is not whole."""
    folder, mark = keys.asset_folder(asset_id), keys.metadata(asset_id)
    while found := [each async for each in storage.list(folder)]:
        for each in sorted(found, key=lambda each: each.key != mark):
            await storage.delete(each.key)
            await cache.forget(each)
            on_object(each)
    await storage.remove_folder(folder)


async def is_asset(storage: Storage, asset_id: str) -> bool:
    """Whether the asset is there, whole or in the making."""
    stored = [each.key async for each in storage.list(keys.asset_folder(asset_id))]
    return any(key == keys.metadata(asset_id) or keys.is_original(key) for key in stored)


async def newest_original(storage: Storage, asset_id: str) -> StoredObject | None:
    """The asset's original; the newest, should it have been ingested again under another extension."""
    objects = [found async for found in storage.list(keys.asset_folder(asset_id))]
    originals = [found for found in objects if keys.is_original(found.key)]
    return max(originals, key=lambda found: found.modified, default=None)


@asynccontextmanager
async def writing_into(storage: Storage, asset_id: str, *written: str) -> AsyncIterator[None]:
    """Guard the write of some objects into an asset.

    Raises PermanentError, with these objects removed, when the asset was there and is no more.
    """
    was_there = await is_asset(storage, asset_id)
    yield
    if was_there and not await is_asset(storage, asset_id):
        for key in written:
            await storage.delete(key)
        await storage.remove_folder(keys.asset_folder(asset_id))
        raise asset_deleted(asset_id)


def asset_deleted(asset_id: str) -> PermanentError:
    return PermanentError(ErrorKind.SOURCE_MISSING, f"The asset {asset_id} was deleted while the job ran.")


def count_deleted_bytes(what: str, size: int) -> None:
    """For Prometheus."""
    meter = activity.metric_meter().with_additional_attributes({"what": what})
    meter.create_counter("audioprep_deleted_bytes", "Bytes of objects that were deleted").add(size)
