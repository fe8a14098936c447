"""The disk cache: one download for many readers, and never a file that is not whole."""

import asyncio
import os
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import FetchSourceInput
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.objects import OnBytes, StoredObject
from audioprep.activities.storage.store import Storage
from audioprep.jobs.errors import ErrorKind, TransientError
from audioprep.jobs.keys import ContentType
from audioprep.jobs.types.ingest import IngestPayload, SourceType
from tests.support.sound import chord, encode
from tests.support.storage import StoragePlace, local_place

KB = 1024


class CountingStorage(Storage):
    """Counts downloads, and can hold them up or let them fail."""

    downloads = 0
    begun: asyncio.Event
    gate: asyncio.Event | None = None
    fails = False

    async def download(self, found: StoredObject, path: Path, on_bytes: OnBytes) -> None:
        self.downloads += 1
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise TransientError(ErrorKind.STORAGE, "away")
        await super().download(found, path, on_bytes)


@pytest.fixture
def store(tmp_path: Path) -> CountingStorage:
    storage = CountingStorage.open(local_place(tmp_path / "storage").url)
    storage.begun = asyncio.Event()
    return storage


@pytest.fixture
def cache(tmp_path: Path, store: CountingStorage) -> ObjectCache:
    (tmp_path / "out").mkdir()
    return ObjectCache(tmp_path / "cache", store, 100 * KB)


async def stored(store: Storage, key: str, size: int = 10 * KB) -> StoredObject:
    await store.write(key, os.urandom(size), ContentType.WAV)
    return await store.stat(key)


def ignore(_: int) -> None:
    """Progress nobody looks at."""


def entries(tmp_path: Path) -> int:
    return len(list((tmp_path / "cache").iterdir()))


async def test_the_second_fetch_needs_no_download(cache: ObjectCache, store: CountingStorage, tmp_path: Path) -> None:
    found = await stored(store, "a")

    await cache.fetch(found, tmp_path / "out/1", ignore)
    await cache.fetch(found, tmp_path / "out/2", ignore)

    assert store.downloads == 1
    assert (tmp_path / "out/1").read_bytes() == (tmp_path / "out/2").read_bytes()


async def test_fetches_at_once_share_one_download(cache: ObjectCache, store: CountingStorage, tmp_path: Path) -> None:
    found = await stored(store, "a")
    store.gate = asyncio.Event()
    fetches = [asyncio.create_task(cache.fetch(found, tmp_path / f"out/{n}", ignore)) for n in range(5)]
    await asyncio.sleep(0)
    store.gate.set()

    await asyncio.gather(*fetches)

    assert store.downloads == 1
    assert len(list((tmp_path / "out").iterdir())) == 5


async def test_when_the_downloader_is_cancelled_the_next_takes_over(
    cache: ObjectCache, store: CountingStorage, tmp_path: Path
) -> None:
    found = await stored(store, "a")
    store.gate = asyncio.Event()
    first, second, third = (asyncio.create_task(cache.fetch(found, tmp_path / f"out/{n}", ignore)) for n in range(3))
    await store.begun.wait()
    first.cancel()
    store.gate.set()

    await asyncio.gather(second, third)

    assert first.cancelled()
    assert store.downloads == 2
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"1", "2"}


async def test_a_failed_download_leaves_nothing_and_the_next_try_works(
    cache: ObjectCache, store: CountingStorage, tmp_path: Path
) -> None:
    found = await stored(store, "a")
    store.fails = True
    with pytest.raises(TransientError):
        await cache.fetch(found, tmp_path / "out/1", ignore)
    store.fails = False

    assert not (tmp_path / "cache").exists()
    await cache.fetch(found, tmp_path / "out/1", ignore)


async def test_a_new_version_is_downloaded_anew(cache: ObjectCache, store: CountingStorage, tmp_path: Path) -> None:
    await cache.fetch(await stored(store, "a"), tmp_path / "out/1", ignore)

    await cache.fetch(await stored(store, "a"), tmp_path / "out/2", ignore)

    assert store.downloads == 2
    assert (tmp_path / "out/1").read_bytes() != (tmp_path / "out/2").read_bytes()


async def test_eviction_is_least_recently_used_and_spares_open_files(
    cache: ObjectCache, store: CountingStorage, tmp_path: Path
) -> None:
    found = [await stored(store, str(n), 40 * KB) for n in range(3)]
    await cache.fetch(found[0], tmp_path / "out/0", ignore)
    await cache.fetch(found[1], tmp_path / "out/1", ignore)
    await cache.fetch(found[0], tmp_path / "out/0 again", ignore)

    await cache.fetch(found[2], tmp_path / "out/2", ignore)

    assert entries(tmp_path) == 2
    assert (tmp_path / "out/1").stat().st_size == 40 * KB
    await cache.fetch(found[0], tmp_path / "out/0 still", ignore)
    assert store.downloads == 3


async def test_a_file_larger_than_the_cache_evicts_nothing(
    cache: ObjectCache, store: CountingStorage, tmp_path: Path
) -> None:
    small = await stored(store, "small")
    await cache.fetch(small, tmp_path / "out/1", ignore)

    await cache.fetch(await stored(store, "huge", 101 * KB), tmp_path / "out/2", ignore)

    assert entries(tmp_path) == 1
    await cache.fetch(small, tmp_path / "out/3", ignore)
    assert store.downloads == 2


async def test_a_cache_of_no_size_keeps_nothing(store: CountingStorage, tmp_path: Path) -> None:
    found = await stored(store, "a")

    await ObjectCache(tmp_path / "cache", store, 0).fetch(found, tmp_path / "file", ignore)

    assert not (tmp_path / "cache").exists()
    assert (tmp_path / "file").stat().st_size == found.size


async def test_two_processes_may_share_the_folder(cache: ObjectCache, store: CountingStorage, tmp_path: Path) -> None:
    other = ObjectCache(tmp_path / "cache", store, 100 * KB)
    found = [await stored(store, str(n), 30 * KB) for n in range(6)]

    async def use(which: ObjectCache, name: str) -> None:
        for turn in range(4):
            for n, item in enumerate(found):
                await which.fetch(item, tmp_path / f"out/{name}-{turn}-{n}", ignore)

    await asyncio.gather(*(use(which, f"{i}{j}") for i, which in enumerate((cache, other)) for j in range(3)))

    assert {path.stat().st_size for path in (tmp_path / "out").iterdir()} == {30 * KB}
    assert entries(tmp_path) <= 3


async def test_an_entry_that_is_not_whole_is_not_used(
    cache: ObjectCache, store: CountingStorage, tmp_path: Path
) -> None:
    found = await stored(store, "a")
    await cache.fetch(found, tmp_path / "out/1", ignore)
    next((tmp_path / "cache").iterdir()).write_bytes(b"cut by a power failure")

    await cache.fetch(found, tmp_path / "out/2", ignore)

    assert store.downloads == 2
    assert (tmp_path / "out/2").stat().st_size == found.size


async def test_an_unwritable_cache_costs_a_download_not_the_job(store: CountingStorage, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    cache = ObjectCache(tmp_path / "cache", store, 100 * KB)
    found = await stored(store, "a")

    await cache.fetch(found, tmp_path / "file", ignore)

    assert (tmp_path / "file").stat().st_size == found.size


async def test_an_ingest_downloads_its_source_once(
    storage_place: StoragePlace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in storage_place.env.items():
        monkeypatch.setenv(name, value)
    store = CountingStorage.open(storage_place.url)
    store.begun = asyncio.Event()
    storage_place.put("uploads/x.wav", encode(tmp_path / "x.wav", chord(1, 8000, 1), 8000).read_bytes())
    resources = ActivityResources(
        store, ObjectCache(tmp_path / "cache", store, 1 << 20), MediaLimits(), tmp_path / "scratch"
    )
    steps = IngestActivities(resources)
    payload = IngestPayload(source_type=SourceType.AUDIO_FILE, storage_key="uploads/x.wav")

    environment = ActivityEnvironment()
    original = await environment.run(steps.fetch_source, FetchSourceInput(asset_id="a", source=payload))
    await environment.run(steps.analyze, original)

    assert store.downloads == 1
