"""Disk cache of stored objects by key and version, with a quota: the least recently used is evicted."""

import asyncio
import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from weakref import WeakValueDictionary

from audioprep.activities.attempt.scratch import make_private
from audioprep.activities.storage.objects import OnBytes, StoredObject
from audioprep.activities.storage.store import Storage


class ObjectCache:
    """Files by key and version, the least recently used removed when `max_bytes` is passed.

    Entries are hard links, made in one step and never written to: several processes may share the folder, one that is
    killed leaves nothing half-made in it, and a reader has a link of its own, so that removal never takes a file from
    under a running step. Folder and readers must be on one file system; otherwise nothing is kept.
    """

    def __init__(self, folder: Path, storage: Storage, max_bytes: int) -> None:
        self._folder = folder
        self._storage = storage
        self._max_bytes = max_bytes
        # One lock per entry, for as long as someone holds it or waits for it.
        self._downloads: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()

    async def fetch(self, found: StoredObject, path: Path, on_bytes: OnBytes) -> None:
        """Put the object's content at `path`, from the cache or from storage. The file must not be changed.

        A fetch that fails or is cancelled leaves no file. Raises what a download raises.
        """
        entry = self._entry(found)
        async with self._downloads.setdefault(entry, asyncio.Lock()):
            if not await asyncio.to_thread(_take, entry, path, found.size):
                await asyncio.to_thread(self._make_room, found.size, path.parent)
                await self._storage.download(found, path, on_bytes)
                await self.keep(found, path)

    async def keep(self, found: StoredObject, path: Path) -> None:
        """Remember the file at `path` as the content of this object, unless it alone would fill the cache."""
        if found.size <= self._max_bytes:
            await asyncio.to_thread(self._add, self._entry(found), path)

    async def forget(self, found: StoredObject) -> None:
        """Remove the object's content from this cache; a step that reads it keeps its own link."""
        await asyncio.to_thread(self._entry(found).unlink, missing_ok=True)

    def _entry(self, found: StoredObject) -> Path:
        name = hashlib.sha256(f"{found.path}\n{found.version}\n{found.size}".encode()).hexdigest()
        return self._folder / name

    def _add(self, entry: Path, path: Path) -> None:
        # A cache that cannot keep a file (full disk, another file system) costs a download, not a job.
        with suppress(OSError):
            make_private(self._folder)
            with suppress(FileExistsError):
                os.link(path, entry)
            os.utime(entry)
            self._shrink(self._max_bytes)

    def _shrink(self, max_bytes: int) -> None:
        total = 0
        for entry, stat in reversed(self._by_age()):
            total += stat.st_size
            if total > max_bytes:
                entry.unlink(missing_ok=True)

    def _make_room(self, size: int, target: Path) -> None:
        """Give up old entries while the disk has no room for `size` bytes more."""
        for entry, _ in self._by_age():
            if shutil.disk_usage(target).free >= size:
                return
            entry.unlink(missing_ok=True)

    def _by_age(self) -> list[tuple[Path, os.stat_result]]:
        """Entries, the least recently used first."""
        found = []
        with suppress(FileNotFoundError, NotADirectoryError):  # the folder is made with the first entry
            for entry in self._folder.iterdir():
                with suppress(FileNotFoundError):  # another step evicted it in this moment
                    found.append((entry, entry.stat()))
        return sorted(found, key=lambda file: file[1].st_mtime_ns)


def _take(entry: Path, path: Path, size: int) -> bool:
    """Link the entry to `path` and mark it used; False when it is not there, or is not whole after a power cut."""
    try:
        os.link(entry, path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    if path.stat().st_size != size:
        path.unlink()
        entry.unlink(missing_ok=True)
        return False
    os.utime(path)  # the entry's time too: they are one file
    return True
