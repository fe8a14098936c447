"""The activities of an ingest, run one after the other without a Temporal server."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.testing import ActivityEnvironment

from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ingest import IngestActivities
from audioprep.activities.ingest_steps import FetchSourceInput, Original
from audioprep.activities.resources import ActivityResources
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.store import Storage
from audioprep.jobs import keys
from audioprep.jobs.progress import StepProgress
from audioprep.jobs.types.ingest import AudioMetadata, IngestPayload, SourceType
from tests.support.storage import StoragePlace, local_place

ASSET = "asset"


@dataclass
class Ingesting:
    """One asset, on local storage in `folder` or in `stored_in`; `said` is every heartbeat of its steps."""

    folder: Path
    limits: MediaLimits = field(default_factory=MediaLimits)
    said: list[StepProgress] = field(default_factory=list)
    upload_folders: tuple[str, ...] = ()
    stored_in: StoragePlace | None = None
    original: Original | None = None

    @property
    def place(self) -> StoragePlace:
        return self.stored_in or local_place(self.folder / "storage")

    async def ingest(self, name: str, content: bytes, source_type: SourceType = SourceType.AUDIO_FILE) -> AudioMetadata:
        """Fetch and analyse an upload called `name`."""
        key = f"uploads/{name}"
        self.place.put(key, content)
        return await self.adopt(key, name, source_type)

    async def adopt(
        self, key: str, name: str | None = None, source_type: SourceType = SourceType.AUDIO_FILE
    ) -> AudioMetadata:
        """Fetch and analyse what is stored under `key`; after a failure discard it, as the workflow does."""
        steps = IngestActivities(self._resources())
        payload = IngestPayload.model_construct(source_type=source_type, storage_key=key, original_filename=name)
        environment = ActivityEnvironment()
        environment.on_heartbeat = self.said.append
        try:
            original = await environment.run(steps.fetch_source, FetchSourceInput(asset_id=ASSET, source=payload))
            metadata = await environment.run(steps.analyze, original)
        except Exception:
            await environment.run(steps.discard_asset, ASSET)
            raise
        assert isinstance(metadata, AudioMetadata)
        self.original = original
        return metadata

    @property
    def peaks(self) -> list[Any]:
        found: list[Any] = json.loads(self.place.get(keys.peaks(ASSET)))
        return found

    @property
    def waveform(self) -> bytes:
        return self.place.get(keys.waveform(ASSET))

    def _resources(self) -> ActivityResources:
        storage = Storage.open(self.place.url)
        cache = ObjectCache(self.folder / "cache", storage, 1 << 30)
        scratch = self.folder / "scratch"
        return ActivityResources(storage, cache, self.limits, scratch, upload_folders=self.upload_folders)
