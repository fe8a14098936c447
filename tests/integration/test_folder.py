"""A storage folder as other programs on the machine see it: whole objects, no links, no rights for other users."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from audioprep.activities.storage.folder import make_folder
from audioprep.activities.storage.store import Storage
from audioprep.jobs.errors import ErrorKind, PermanentError
from audioprep.jobs.keys import ContentType
from audioprep.settings import Settings
from audioprep.worker_resources import WorkerResources
from tests.support.storage import local_place

_KEY = "assets/a/original.mp3"
_WRITE_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from audioprep.activities.storage.store import Storage

def told(done):
    if done > 2 << 20:
        print("half way", flush=True)
        sys.stdin.read()

asyncio.run(Storage.open(f"file:{sys.argv[1]}").upload(Path(sys.argv[2]), "assets/a/original.mp3", None, told))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return local_place(tmp_path / "storage").folder


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(12 << 20))
    return path


async def test_a_large_object_is_seen_whole_or_not_at_all(root: Path, large: Path) -> None:
    """Whatever begins with its name, at any moment of the upload."""
    storage = Storage.open(f"file:{root}")
    seen: set[tuple[str, int]] = set()
    listed: set[str] = set()

    def look(_: int) -> None:
        seen.update((path.name, path.stat().st_size) for path in root.glob("assets/**/*") if path.is_file())

    upload = asyncio.create_task(storage.upload(large, _KEY, None, look))
    while not upload.done():
        listed |= {found.key async for found in storage.list("")}
        await asyncio.sleep(0)
    await upload

    assert seen == {("original.mp3", 12 << 20)}
    assert listed <= {_KEY}
    assert {path.name for path in root.iterdir()} == {"assets"}


def test_what_a_killed_worker_left_is_removed_by_the_next(root: Path, large: Path) -> None:
    argv = [sys.executable, "-c", _WRITE_AND_WAIT, root, large]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "half way\n"
        held = [path for path in root.rglob("*") if path.is_file()]
        asyncio.run(Storage.open(f"file:{root}").write("assets/b/edits.json", b"{}", ContentType.JSON))
        assert held[0].exists(), "its writer lives"
        killed.send_signal(signal.SIGKILL)

    asyncio.run(Storage.open(f"file:{root}").write("assets/c/edits.json", b"{}", ContentType.JSON))

    assert len(held) == 1
    assert local_place(root).stored() == {"assets/b/edits.json", "assets/c/edits.json"}


async def test_many_writers_at_once_each_store_their_object(root: Path) -> None:
    storages = [Storage.open(f"file:{root}") for _ in range(8)]

    await asyncio.gather(
        *(storage.write(f"a/{n}/{m}", b"x", ContentType.JSON) for n, storage in enumerate(storages) for m in range(20))
    )

    assert len(local_place(root).stored()) == 160
    assert {path.name for path in root.iterdir()} == {"a"}


@pytest.mark.parametrize("key", ["link.wav", "folder/secret.wav"])
async def test_no_symbolic_link_is_followed_below_the_root(root: Path, tmp_path: Path, key: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.wav").write_bytes(b"secret")
    (root / "link.wav").symlink_to(outside / "secret.wav")
    (root / "folder").symlink_to(outside)
    storage = Storage.open(f"file:{root}")

    for attempt in (
        storage.stat(key),
        storage.stat_or_none(key),
        storage.read(key),
        storage.write(key, b"{}", ContentType.JSON),
        storage.create(key, b"{}", ContentType.JSON),
        storage.upload(outside / "secret.wav", key),
        storage.move(outside / "secret.wav", key),
        storage.delete(key),
    ):
        with pytest.raises(PermanentError, match="symbolic link") as caught:
            await attempt
        assert caught.value.kind is ErrorKind.REFUSED

    assert [found.key async for found in storage.list("")] == []
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"secret.wav": b"secret"}


async def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)

    await Storage.open(f"file:{tmp_path / 'link'}").write("a/b", b"{}", ContentType.JSON)

    assert local_place(root).stored() == {"a/b"}


async def test_other_users_cannot_look_into_cache_and_scratch(tmp_path: Path) -> None:
    settings = Settings().local(tmp_path)
    for folder in ("cache", "scratch"):
        (tmp_path / "work" / folder).mkdir(parents=True)
        (tmp_path / "work" / folder).chmod(0o755)

    with WorkerResources(settings).opened() as resources:
        await resources.storage.write("a", b"sound", ContentType.WAV)
        found = await resources.storage.stat("a")
        await resources.cache.fetch(found, resources.scratch_root / "copy", lambda _: None)

        for folder in ("cache", "scratch"):
            assert stat.S_IMODE((tmp_path / "work" / folder).stat().st_mode) == 0o700
        assert len(list((tmp_path / "work" / "cache").iterdir())) == 1


def test_a_folder_is_made_though_another_process_removes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last writer removes the staging folder between the system's answer that it exists and the look at it."""
    folder = tmp_path / "staging"
    folder.mkdir()
    is_dir = Path.is_dir

    def removed_first(path: Path) -> bool:
        if path == folder and is_dir(path):
            monkeypatch.undo()
            path.rmdir()
            return False
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", removed_first)
    make_folder(folder)

    assert folder.is_dir()


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")
