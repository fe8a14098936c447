"""Where a test's files are kept: a folder or a part of an S3 bucket, seen as a web app sees it."""

import abc
from dataclasses import dataclass, field
from pathlib import Path

import obstore
from obstore.store import ObjectStore


@dataclass(frozen=True)
class StoragePlace(abc.ABC):
    """AUDIOPREP_STORAGE_URL, and the variables that go with it."""

    url: str
    env: dict[str, str] = field(default_factory=dict)

    @abc.abstractmethod
    def put(self, key: str, content: bytes) -> None: ...

    @abc.abstractmethod
    def get(self, key: str) -> bytes: ...

    @abc.abstractmethod
    def stored(self) -> set[str]: ...

    def content_type(self, key: str) -> str | None:
        """None where a place keeps none."""
        return None


@dataclass(frozen=True)
class LocalPlace(StoragePlace):
    """A folder, by plain file operations."""

    folder: Path = Path()

    def put(self, key: str, content: bytes) -> None:
        target = self.folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def get(self, key: str) -> bytes:
        return (self.folder / key).read_bytes()

    def stored(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class BucketPlace(StoragePlace):
    """A prefix of a bucket, by a client of its own with the rights of a web app."""

    store: ObjectStore | None = None

    @property
    def _client(self) -> ObjectStore:
        assert self.store is not None
        return self.store

    def put(self, key: str, content: bytes) -> None:
        obstore.put(self._client, key, content)

    def get(self, key: str) -> bytes:
        return bytes(obstore.get(self._client, key).bytes())

    def stored(self) -> set[str]:
        return {meta["path"] for batch in obstore.list(self._client) for meta in batch}

    def content_type(self, key: str) -> str | None:
        found = obstore.get(self._client, key).attributes.get("Content-Type")
        return str(found) if found else None


def local_place(folder: Path) -> LocalPlace:
    folder.mkdir(parents=True, exist_ok=True)
    return LocalPlace(f"file:{folder}", {}, folder)
