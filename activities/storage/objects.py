"""Objects of a storage: key, size and version, and files as streams of blocks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audioprep.activities.attempt.storage_prefix import storage_prefix

if TYPE_CHECKING:
    from obstore import Attributes, ObjectMeta  # these exist for type checkers only

BLOCK = 1 << 20  # bytes per read, of an object or of a file

OnBytes = Callable[[int], None]
"""Called with the number of bytes transferred so far."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object and its version: the ETag changes whenever the content does."""

    key: str
    size: int
    version: str
    modified: datetime
    prefix: str = ""  # the folder that the key is relative to

    @property
    def path(self) -> str:
        """The key from the storage's root on."""
        return f"{self.prefix}/{self.key}" if self.prefix else self.key


def attributes_of(content_type: str | None) -> "Attributes | None":
    return {"Content-Type": content_type} if content_type else None


def stored_object(meta: "ObjectMeta") -> StoredObject:
    modified = meta["last_modified"]
    return StoredObject(meta["path"], meta["size"], meta["e_tag"] or str(modified), modified, storage_prefix())


async def blocks_of(path: Path, on_bytes: OnBytes) -> AsyncIterator[bytes]:
    """A file in blocks; a block counts as done when the next one is asked for."""
    done = 0
    with path.open("rb") as file:
        while block := await asyncio.to_thread(file.read, BLOCK):
            yield block
            done += len(block)
            on_bytes(done)


async def whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
