"""Storage of many tenants: each job sees the folder of its own database, and no other."""

from functools import lru_cache
from typing import Final

from obstore.store import ObjectStore

from audioprep.activities.attempt.storage_prefix import storage_prefix
from audioprep.activities.storage.folder import ObjectFolder
from audioprep.activities.storage.store import Storage

_KEPT: Final = 64  # stores of tenants: one that is opened anew costs milliseconds


class PrefixedStorage(Storage):
    """The storage at `url`, in the folder that the running activity's job has as its prefix."""

    def __init__(self, url: str) -> None:
        self._root = Storage.open(url)
        self._url = url.rstrip("/")
        self._of_tenant = lru_cache(_KEPT)(lambda prefix: Storage.open(f"{self._url}/{prefix}"))

    @property
    def _store(self) -> ObjectStore:
        return self._current()._store

    @property
    def _folder(self) -> ObjectFolder | None:
        return self._current()._folder

    def _current(self) -> Storage:
        prefix = storage_prefix()
        return self._of_tenant(prefix) if prefix else self._root
