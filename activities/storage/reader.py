"""Reads of an object storage: sizes and versions, small objects whole, large ones streamed into files."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.exceptions import PermissionDeniedError
from obstore.store import ObjectStore

from audioprep.activities.attempt.shielding import run_to_completion
from audioprep.activities.storage.errors import storage_errors
from audioprep.activities.storage.folder import ObjectFolder
from audioprep.activities.storage.objects import BLOCK, OnBytes, StoredObject, stored_object
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError


class StorageReader:
    """What is in a storage, by key."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        """`folder` is where a store on disk keeps its objects."""
        self._opened = store
        self._opened_folder = ObjectFolder(folder) if folder is not None else None

    @property
    def _store(self) -> ObjectStore:
        return self._opened

    @property
    def _folder(self) -> ObjectFolder | None:
        return self._opened_folder

    async def stat(self, key: str) -> StoredObject:
        """Size and version of an object. Raises PermanentError when there is none."""
        with storage_errors(key):
            await self._check(key)
            try:
                return stored_object(await obstore.head_async(self._store, key))
            except (FileNotFoundError, PermissionDeniedError) as error:
                raise await self._explained(key, error) from None

    async def stat_or_none(self, key: str) -> StoredObject | None:
        """Like `stat`, but None when there is none."""
        with storage_errors(key):
            await self._check(key)
            try:
                return stored_object(await obstore.head_async(self._store, key))
            except FileNotFoundError:
                return None

    async def read(self, key: str) -> bytes:
        """A small object whole. Raises PermanentError when there is none."""
        with storage_errors(key):
            await self._check(key)
            response = await obstore.get_async(self._store, key)
            return bytes(await response.bytes_async())

    async def read_or_none(self, key: str) -> bytes | None:
        """Like `read`, but None when there is none."""
        try:
            return await self.read(key)
        except PermanentError as error:
            if error.kind is ErrorKind.SOURCE_MISSING:
                return None
            raise

    async def read_start(self, key: str, size: int) -> bytes | None:
        """The first `size` bytes of an object, fewer if it is smaller; None when there is no object."""
        found = await self.stat_or_none(key)
        if found is None or not found.size:
            return None if found is None else b""
        with storage_errors(key):
            try:
                return bytes(await obstore.get_range_async(self._store, key, start=0, end=min(size, found.size)))
            except FileNotFoundError:
                return None

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Every object below the folder `prefix`, in no particular order."""
        with storage_errors(prefix):
            async for batch in obstore.list(self._store, prefix):
                for meta in batch:
                    if self._folder is None or self._folder.is_object(meta["path"]):
                        yield stored_object(meta)

    async def download(self, found: StoredObject, path: Path, on_bytes: OnBytes) -> None:
        """Stream an object into a new file; when that fails there is no file.

        Raises TransientError when the object is no longer the one that was found.
        """
        try:
            with storage_errors(found.key):
                await self._stream(found, path, on_bytes)
        except BaseException:
            await run_to_completion(asyncio.to_thread(path.unlink, missing_ok=True))
            raise

    async def _stream(self, found: StoredObject, path: Path, on_bytes: OnBytes) -> None:
        done = 0
        await self._check(found.key)
        response = await obstore.get_async(self._store, found.key)
        if stored_object(response.meta).version != found.version:
            raise TransientError(ErrorKind.STORAGE, f"The object {found.key!r} was replaced before it could be read.")
        with path.open("xb") as file:
            async for block in response.stream(BLOCK):
                await asyncio.to_thread(file.write, block)
                done += len(block)
                on_bytes(done)
        if done != found.size:
            raise TransientError(ErrorKind.STORAGE, f"The object {found.key!r} broke off while being read.")

    async def _check(self, key: str) -> None:
        if self._folder is not None:
            await asyncio.to_thread(self._folder.path_of, key)

    async def _explained(self, key: str, error: Exception) -> Exception:
        """S3 answers HEAD without a body: only another call tells a missing bucket or a wrong credential."""
        try:
            await obstore.list_with_delimiter_async(self._store, key)
        except FileNotFoundError as told:
            return told
        except PermissionDeniedError as told:
            return told if isinstance(error, PermissionDeniedError) else error
        return error
