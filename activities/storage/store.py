"""Object storage: a local folder or an S3-compatible bucket, streamed both ways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, PermissionDeniedError
from obstore.store import LocalStore, ObjectStore

from audioprep.activities.attempt.shielding import run_to_completion
from audioprep.activities.storage.errors import storage_errors
from audioprep.activities.storage.folder import ObjectFolder
from audioprep.activities.storage.objects import (
    BLOCK,
    OnBytes,
    StoredObject,
    attributes_of,
    blocks_of,
    stored_object,
    whole,
)
from audioprep.activities.storage.s3 import open_s3
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError

_PART = 5 << 20  # bytes per part of an upload: the smallest that S3 takes
_PARTS_AT_ONCE = 2  # so that an upload holds about 15 MB, whatever the size of the file


class Storage:
    """Files by key. Writes are atomic: a reader sees the old object or the new one, never a part.

    A cancelled upload leaves nothing that can be seen; parts that reached an S3 server stay hidden there until the
    bucket's lifecycle rule for incomplete uploads removes them.
    """

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

    @classmethod
    def open(cls, url: str) -> Self:
        """`file:PATH` (made when missing) or `s3://bucket/prefix`, configured by the usual `AWS_*` variables.

        Raises ValueError for any other URL, JobError for a folder that cannot be made.
        """
        parts = urlsplit(url)
        if parts.scheme == "file":
            folder = Path(unquote(parts.netloc + parts.path)).absolute()
            with storage_errors(str(folder)):
                return cls(LocalStore(folder, mkdir=True), folder)
        if parts.scheme == "s3" and parts.netloc and "@" not in parts.netloc:
            return cls(open_s3(parts.netloc, parts.path.strip("/") or None))
        # Not quoted: keys may stand in it by mistake.
        raise ValueError(
            "AUDIOPREP_STORAGE_URL: expected file:PATH or s3://bucket/prefix, with keys in AWS_* variables"
        )

    async def find(self, key: str) -> StoredObject:
        """Size and version of an object. Raises PermanentError when there is none."""
        with storage_errors(key):
            await self._check(key)
            try:
                return stored_object(await obstore.head_async(self._store, key))
            except (FileNotFoundError, PermissionDeniedError) as error:
                raise await self._explained(key, error) from None

    async def look(self, key: str) -> StoredObject | None:
        """Like `find`, but None when there is none."""
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

    async def read_if_there(self, key: str) -> bytes | None:
        """Like `read`, but None when there is none."""
        try:
            return await self.read(key)
        except PermanentError as error:
            if error.kind is ErrorKind.SOURCE_MISSING:
                return None
            raise

    async def _check(self, key: str) -> None:
        if self._folder is not None:
            await asyncio.to_thread(self._folder.path_of, key)

    async def read_start(self, key: str, size: int) -> bytes | None:
        """The first `size` bytes of an object, fewer if it is smaller; None when there is no object."""
        found = await self.look(key)
        if found is None or not found.size:
            return None if found is None else b""
        with storage_errors(key):
            try:
                return bytes(await obstore.get_range_async(self._store, key, start=0, end=min(size, found.size)))
            except FileNotFoundError:
                return None

    async def _explained(self, key: str, error: Exception) -> Exception:
        """S3 answers HEAD without a body: only another call tells a missing bucket or a wrong credential."""
        try:
            await obstore.list_with_delimiter_async(self._store, key)
        except FileNotFoundError as told:
            return told
        except PermissionDeniedError as told:
            return told if isinstance(error, PermissionDeniedError) else error
        return error

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

    async def upload(
        self, path: Path, key: str, content_type: str | None = None, on_bytes: OnBytes | None = None
    ) -> None:
        """Stream a file into an object, in parts when it is large."""
        told = on_bytes or (lambda _: None)
        with storage_errors(key):
            size = (await asyncio.to_thread(path.stat)).st_size
            if self._folder is not None:
                await self._folder.write(key, blocks_of(path, told))
            elif size <= _PART:
                await self._put(key, await asyncio.to_thread(path.read_bytes), content_type)
            else:
                await obstore.put_async(
                    self._store,
                    key,
                    blocks_of(path, told),
                    attributes=attributes_of(content_type),
                    chunk_size=_PART,
                    max_concurrency=_PARTS_AT_ONCE,
                )
        told(size)

    async def move(self, path: Path, key: str, content_type: str | None = None) -> None:
        """Like `upload`, of a file nobody needs any more: within one disk it is not copied, and gone afterwards."""
        if self._folder is not None:
            with storage_errors(key):
                if await asyncio.to_thread(self._folder.take, path, key):
                    return
        await self.upload(path, key, content_type)

    async def write(self, key: str, content: bytes, content_type: str) -> None:
        """Store a small object whole."""
        with storage_errors(key):
            if self._folder is not None:
                await self._folder.write(key, whole(content))
            else:
                await self._put(key, content, content_type)

    async def create(self, key: str, content: bytes, content_type: str) -> bool:
        """Store a small object unless there is one already: of several at once, one gets True."""
        with storage_errors(key):
            if self._folder is not None:
                return await self._folder.write(key, whole(content), replace=False)
            try:
                await self._put(key, content, content_type, mode="create")
            except AlreadyExistsError:
                return False
        return True

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is as good as removed."""
        with storage_errors(key), suppress(FileNotFoundError):
            await self._check(key)
            await obstore.delete_async(self._store, key)

    async def remove_folder(self, prefix: str) -> None:
        """Remove the empty folder that deleted objects leave on disk; a bucket has none."""
        if self._folder is not None:
            await asyncio.to_thread(self._folder.remove_empty, prefix)

    async def _put(
        self, key: str, content: bytes, content_type: str | None, mode: Literal["create", "overwrite"] = "overwrite"
    ) -> None:
        attributes = attributes_of(content_type)
        await obstore.put_async(self._store, key, content, attributes=attributes, use_multipart=False, mode=mode)
