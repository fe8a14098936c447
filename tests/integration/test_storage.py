"""One promise for both kinds of storage: what holds for a folder holds for a bucket."""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path

import pytest

from audioprep.activities.storage.store import Storage
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.keys import ContentType, checked
from tests.support.storage import StoragePlace

HOSTILE = [
    "plain.mp3",
    "deep/er/and/deeper/x",
    "Grüße 漢字 😀.mp3",
    "e\u0301 decomposed.mp3",
    'it\'s "quoted" & spaced.mp3',
    "-i -y.mp3",
    "100%25%.mp3",
    "concat:a|b.mp3",
    "a?b#c+d=e.mp3",
    "[x]{y}~^`<>*.mp3",
    "x" * 200,
]


def ignore(_: int) -> None:
    """Progress nobody looks at."""


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """Four parts and a bit, of content that does not repeat."""
    path = tmp_path / "big"
    path.write_bytes(os.urandom((21 << 20) + 7))
    return path


@pytest.mark.parametrize("key", HOSTILE)
async def test_any_valid_key_is_stored_found_read_and_removed(
    storage: Storage, storage_place: StoragePlace, tmp_path: Path, key: str
) -> None:
    await storage.write(checked(key), b"content", ContentType.JSON)

    found = await storage.stat(key)
    await storage.download(found, tmp_path / "copy", ignore)

    assert (found.key, found.size) == (key, 7)
    assert (tmp_path / "copy").read_bytes() == b"content"
    assert storage_place.stored() == {key}
    await storage.delete(key)
    assert storage_place.stored() == set()


@pytest.mark.parametrize("key", HOSTILE)
async def test_a_moved_file_is_the_object_and_replaces_an_older_one(
    storage: Storage, storage_place: StoragePlace, tmp_path: Path, key: str
) -> None:
    await storage.write(checked(key), b"old", ContentType.JSON)
    old = await storage.stat(key)
    path = tmp_path / "rendered"
    path.write_bytes(b"content")
    os.utime(path, (0, 0))

    await storage.move(path, key, ContentType.WAV)

    new = await storage.stat(key)
    assert (new.size, storage_place.stored()) == (7, {key})
    assert await storage.read(key) == b"content"
    assert new.modified >= old.modified
    assert new.version != old.version


async def test_a_file_on_another_file_system_is_copied(tmp_path: Path) -> None:
    storage = Storage.open(f"file:{tmp_path}")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        path = Path(elsewhere) / "rendered"
        path.write_bytes(b"content")
        assert path.stat().st_dev != tmp_path.stat().st_dev

        await storage.move(path, "a/b.wav", ContentType.WAV)

    assert await storage.read("a/b.wav") == b"content"


async def test_a_key_that_leads_out_of_the_folder_moves_nothing(tmp_path: Path) -> None:
    storage = Storage.open(f"file:{tmp_path / 'storage'}")
    path = tmp_path / "rendered"
    path.write_bytes(b"content")

    with pytest.raises(PermanentError):
        await storage.move(path, "../out.wav", ContentType.WAV)

    assert {entry.name for entry in tmp_path.iterdir()} == {"storage", "rendered"}


async def test_a_large_file_goes_up_and_down_unchanged_with_progress(
    storage: Storage, big: Path, tmp_path: Path
) -> None:
    sent: list[int] = []
    received: list[int] = []

    await storage.upload(big, "big", ContentType.WAV, sent.append)
    found = await storage.stat("big")
    await storage.download(found, tmp_path / "back", received.append)

    size = big.stat().st_size
    assert _digest(tmp_path / "back") == _digest(big)
    for told in (sent, received):
        assert told == sorted(told)
        assert told[-1] == size
        assert len(told) > 10


@pytest.mark.parametrize("size", [0, 1, 5 << 20, (5 << 20) + 1])
async def test_files_of_every_size_are_stored_whole(storage: Storage, tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(b"\xa5" * size)

    await storage.upload(tmp_path / "file", "file")
    found = await storage.stat("file")
    await storage.download(found, tmp_path / "back", ignore)

    assert found.size == size
    assert _digest(tmp_path / "back") == _digest(tmp_path / "file")


async def test_the_version_changes_with_the_content(storage: Storage) -> None:
    await storage.write("key", b"one", ContentType.JSON)
    before = await storage.stat("key")

    await storage.write("key", b"two", ContentType.JSON)

    assert (await storage.stat("key")).version != before.version
    assert await storage.stat("key") == await storage.stat("key")


async def test_an_object_replaced_since_it_was_found_is_not_read(storage: Storage, tmp_path: Path) -> None:
    await storage.write("key", b"one", ContentType.JSON)
    before = await storage.stat("key")
    await storage.write("key", b"much longer", ContentType.JSON)

    with pytest.raises(Exception, match="replaced before it could be read") as caught:
        await storage.download(before, tmp_path / "copy", ignore)

    assert caught.value.retryable  # type: ignore[attr-defined]
    assert not (tmp_path / "copy").exists()


async def test_of_several_creators_one_wins(storage: Storage, storage_place: StoragePlace) -> None:
    contents = [str(number).encode() for number in range(5)]

    won = await asyncio.gather(*(storage.create("mark", content, ContentType.JSON) for content in contents))

    assert won.count(True) == 1
    assert storage_place.get("mark") == contents[won.index(True)]


async def test_list_gives_what_is_below_a_folder_and_nothing_else(storage: Storage) -> None:
    for key in ("a/1", "a/b/2", "ab/3", "c"):
        await storage.write(key, b"x", ContentType.JSON)

    assert {found.key async for found in storage.list("a")} == {"a/1", "a/b/2"}
    assert [found async for found in storage.list("nothing/here")] == []


async def test_missing_objects_are_reported_and_deleting_is_idempotent(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"no object 'uploads/none\.mp3' in storage") as caught:
        await storage.stat("uploads/none.mp3")
    assert caught.value.kind is ErrorKind.SOURCE_MISSING

    await storage.delete("uploads/none.mp3")


async def test_content_types_are_kept_where_there_is_a_place_for_them(
    storage: Storage, storage_place: StoragePlace, big: Path
) -> None:
    await storage.write("small", b"{}", ContentType.JSON)
    await storage.upload(big, "large", ContentType.MP3)

    expected = ("application/json", "audio/mpeg") if storage_place.url.startswith("s3:") else (None, None)
    assert (storage_place.content_type("small"), storage_place.content_type("large")) == expected


async def test_a_cancelled_upload_leaves_only_the_old_object(
    storage: Storage, storage_place: StoragePlace, big: Path
) -> None:
    await storage.write("prepared.wav", b"old", ContentType.WAV)
    half_way = asyncio.Event()

    def tell(done: int) -> None:
        if done >= 8 << 20:
            half_way.set()

    upload = asyncio.create_task(storage.upload(big, "prepared.wav", ContentType.WAV, tell))
    await half_way.wait()
    upload.cancel()

    with pytest.raises(asyncio.CancelledError):
        await upload
    assert storage_place.get("prepared.wav") == b"old"
    assert {found.key async for found in storage.list("")} == {"prepared.wav"}


async def test_an_upload_whose_file_breaks_off_leaves_nothing(
    storage: Storage, storage_place: StoragePlace, big: Path
) -> None:
    def fail(_: int) -> None:
        raise PermanentError(ErrorKind.LIMIT_EXCEEDED, "enough")

    with pytest.raises(PermanentError, match="enough"):
        await storage.upload(big, "key", None, fail)

    assert storage_place.stored() == set()


async def test_a_cancelled_download_leaves_no_file(storage: Storage, big: Path, tmp_path: Path) -> None:
    await storage.upload(big, "big")
    found = await storage.stat("big")
    begun = asyncio.Event()

    download = asyncio.create_task(storage.download(found, tmp_path / "copy", lambda _: begun.set()))
    await begun.wait()
    download.cancel()

    with pytest.raises(asyncio.CancelledError):
        await download
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("url", ["ftp://host/x", "s3://", "storage", ""])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected file:PATH or s3://bucket/prefix"):
        Storage.open(url)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
