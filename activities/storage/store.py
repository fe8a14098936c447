"""Object storage: a local folder or an S3-compatible bucket, streamed both ways."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from audioprep.activities.storage.errors import storage_errors
from audioprep.activities.storage.objects import OnBytes, attributes_of, blocks_of, whole
from audioprep.activities.storage.reader import StorageReader
from audioprep.activities.storage.s3 import open_s3

_PART = 5 << 20  # bytes per part of an upload: the smallest that S3 takes
_PARTS_AT_ONCE = 2  # so that an upload holds about 15 MB, whatever the size of the file


class Storage(StorageReader):
    """Files by key. Writes are atomic: a reader sees the old object or the new one, never a part.

    A cancelled upload leaves nothing that can be seen; parts that reached an S3 server stay hidden there until the
    bucket's lifecycle rule for incomplete uploads removes them.
    """

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
