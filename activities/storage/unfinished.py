"""Clean-up of an ingest that failed: nothing of it stays in storage."""

from audioprep.activities.storage.store import Storage
from audioprep.jobs import keys


async def remove_unfinished(storage: Storage, asset_id: str) -> None:
    """Remove what was stored of an asset, unless an ingest has finished it."""
    stored = [found.key async for found in storage.list(keys.asset_folder(asset_id))]
    if keys.metadata(asset_id) in stored:
        return
    for key in stored:
        await storage.delete(key)


async def remove_other_originals(storage: Storage, asset_id: str, key: str) -> None:
    """Remove originals of earlier attempts whose source was of another form than the one under `key`."""
    for other in [found.key async for found in storage.list(keys.asset_folder(asset_id))]:
        if keys.is_original(other) and other != key:
            await storage.delete(other)
