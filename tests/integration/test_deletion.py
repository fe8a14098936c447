"""Deletion of an asset against writers and other deletions, in every order that chance finds."""

import asyncio
import random
import uuid
from pathlib import Path

import pytest

from audioprep.activities.storage.assets import delete_asset, is_asset, writing_into
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.objects import StoredObject
from audioprep.activities.storage.store import Storage
from audioprep.jobs import keys
from audioprep.jobs.errors import PermanentError
from tests.support.storage import StoragePlace

_ROUNDS = 60
_TYPE = "application/octet-stream"


async def _asset(storage: Storage) -> str:
    """A whole asset with a preview and a save."""
    asset = str(uuid.uuid4())
    for key in (keys.original(asset, "flac"), keys.peaks(asset), keys.preview(asset, "h"), keys.prepared(asset, "wav")):
        await storage.write(key, b"x" * 10, _TYPE)
    await storage.write(keys.metadata(asset), b"{}", _TYPE)
    return asset


def _nothing(_: StoredObject) -> None: ...


class Interrupted(Exception):
    """A worker that is killed, as far as storage can see."""


async def test_a_deletion_that_is_killed_leaves_nothing_that_counts_as_whole(
    storage: Storage, storage_place: StoragePlace, tmp_path: Path
) -> None:
    """After each object it may be killed; the next attempt removes the rest."""
    cache = ObjectCache(tmp_path / "cache", storage, 1 << 20)
    for survived in range(5):
        asset, gone = await _asset(storage), 0

        def note(_: StoredObject, survived: int = survived) -> None:
            nonlocal gone
            if gone == survived:
                raise Interrupted
            gone += 1

        with pytest.raises(Interrupted):
            await delete_asset(storage, cache, asset, note)
        after_kill = {key for key in storage_place.stored() if asset in key}
        removed: list[StoredObject] = []
        await delete_asset(storage, cache, asset, removed.append)

        assert keys.metadata(asset) not in after_kill
        assert len(after_kill) == len(removed) == 4 - survived
        assert not {key for key in storage_place.stored() if asset in key}


async def test_whatever_the_order_nothing_is_left(tmp_path: Path) -> None:
    """Two deletions, a preview, a save and its description, each with pauses at random between its calls."""
    folder = tmp_path / "storage"
    for seed in range(_ROUNDS):
        storage = Paused.open(f"file:{folder}").with_pauses(seed)
        cache = ObjectCache(tmp_path / "cache", storage, 1 << 20)
        asset = await _asset(storage)

        ended = await asyncio.gather(
            *(delete_asset(storage, cache, asset, _nothing) for _ in range(2)),
            *(_write(storage, asset, key) for key in (keys.preview(asset, "new"), keys.prepared(asset, "m4a"))),
            return_exceptions=True,
        )

        assert not list((folder / "assets").glob("*")), f"seed {seed}: {ended}"
        assert {type(end) for end in ended} <= {type(None), PermanentError}


async def test_a_write_into_a_folder_that_never_was_an_asset_stays(storage: Storage, tmp_path: Path) -> None:
    asset = str(uuid.uuid4())

    await _write(storage, asset, keys.preview(asset, "h"))

    assert not await is_asset(storage, asset)
    assert await storage.stat_or_none(keys.preview(asset, "h")) is not None


async def _write(storage: Storage, asset: str, key: str) -> None:
    """As a render does: a while between its first look and its write."""
    async with writing_into(storage, asset, key):
        await asyncio.sleep(0.005)
        await storage.write(key, b"rendered", _TYPE)


class Paused(Storage):
    """A storage whose calls take a while, each another one."""

    _random = random.Random()

    def with_pauses(self, seed: int) -> "Paused":
        self._random = random.Random(seed)
        return self

    async def write(self, key: str, content: bytes, content_type: str) -> None:
        await self._pause()
        await super().write(key, content, content_type)
        await self._pause()

    async def delete(self, key: str) -> None:
        await self._pause()
        await super().delete(key)

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.choice((0, 0, 0.001, 0.004)))
