"""Prepared files of an asset: stored together by one save, and replaced by the next one's."""

from collections.abc import Callable, Sequence
from pathlib import Path

from audioprep.activities.storage.assets import asset_deleted
from audioprep.activities.storage.objects import StoredObject
from audioprep.activities.storage.store import Storage
from audioprep.jobs import keys
from audioprep.jobs.errors import ErrorKind, TransientError

Move = tuple[Path, str, str]
"""A file, its key, and its content type."""


async def prepared_files(storage: Storage, asset_id: str) -> list[StoredObject]:
    """All of them, whatever their form."""
    return [found async for found in storage.list(keys.asset_folder(asset_id)) if keys.is_prepared(found.key)]


async def check_is_saved(storage: Storage, asset_id: str, written: str) -> None:
    """Whether some prepared file is there. Raises PermanentError, with the object `written` removed, when none is."""
    if not await prepared_files(storage, asset_id):
        await storage.delete(written)
        await storage.remove_folder(keys.asset_folder(asset_id))
        raise asset_deleted(asset_id)


async def store_together(storage: Storage, moves: Sequence[Move], report: Callable[[float], None]) -> None:
    """Move the files of one save to their keys, and look whether all of them, or none, are there.

    Raises TransientError when some are of another save by now. Where none is left, another save has replaced them all.
    """
    stored: list[StoredObject | None] = []
    for path, key, content_type in moves:
        await storage.move(path, key, content_type)
        stored.append(await storage.stat_or_none(key))
        report(len(stored) / len(moves))
    ours = [await _is_stored(storage, found) for found in stored]
    if any(ours) and not all(ours):
        raise TransientError(ErrorKind.STORAGE, "Another save of this asset was stored at the same time.")


async def _is_stored(storage: Storage, found: StoredObject | None) -> bool:
    now = await storage.stat_or_none(found.key) if found else None
    return now is not None and found is not None and now.version == found.version
