"""Shared resources of all activities on one worker: storage, cache, limits, probes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from audioprep.activities.attempt.context import AttemptContext, open_step
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import NetworkRules
from audioprep.activities.download.host_limiter import HostLimiter
from audioprep.activities.media_memory import MediaMemory
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.objects import StoredObject
from audioprep.activities.storage.store import Storage


@dataclass(frozen=True, slots=True)
class ActivityResources:
    """Storage, its cache, limits, where scratch files go, what downloads may reach and how often, known media facts.

    Uploads are taken from `upload_folders` only, or from anywhere if there are none.
    """

    storage: Storage
    cache: ObjectCache
    limits: MediaLimits
    scratch_root: Path
    network: NetworkRules = field(default_factory=NetworkRules)
    host_limiter: HostLimiter = field(default_factory=HostLimiter)
    media: MediaMemory = field(default_factory=MediaMemory)
    upload_folders: tuple[str, ...] = ()

    @asynccontextmanager
    async def step(self, stage: str) -> AsyncIterator[AttemptContext]:
        """One attempt at an activity, in this stage: a scratch folder, heartbeats, and a voice for its progress."""
        async with open_step(stage, self.scratch_root) as step:
            yield step

    async def fetch(self, found: StoredObject, name: str, step: AttemptContext) -> Path:
        """The object as a file in the step's scratch folder; the download shows as the step's progress."""
        path = step.scratch / name
        await self.cache.fetch(found, path, lambda done: step.report_progress(done / max(found.size, 1)))
        return path
