"""Media facts of originals, and their cache by object version: a recipe is measured, rendered and edited again."""

from collections.abc import Callable
from pathlib import Path

from audioprep.activities.ffmpeg.probe import Probe
from audioprep.activities.ffmpeg.working_copy import Measured
from audioprep.activities.storage.cache import ObjectCache
from audioprep.activities.storage.objects import StoredObject
from audioprep.activities.storage.store import Storage
from audioprep.jobs import keys
from audioprep.jobs.keys import ContentType
from audioprep.jobs.types.asset import MediaFacts, WorkingCopy

_KEPT = 256  # a few hundred bytes each


class MediaMemory:
    """Facts by key and version, the longest unused dropped: an object that was replaced is not known."""

    def __init__(self) -> None:
        self._known: dict[StoredObject, MediaFacts] = {}

    def get(self, found: StoredObject) -> MediaFacts | None:
        facts = self._known.pop(found, None)
        if facts is not None:
            self._known[found] = facts
        return facts

    def put(self, found: StoredObject, facts: MediaFacts) -> None:
        self._known[found] = facts
        if len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]


def facts_of(found: StoredObject, probed: Probe, measured: Measured, work: WorkingCopy | None) -> MediaFacts:
    """What was found by probing and decoding this object."""
    return MediaFacts(
        frames=measured.decoded.frames,
        sample_rate=measured.decoded.form.sample_rate,
        channels=measured.decoded.form.channels,
        codec=probed.codec,
        format=probed.format,
        stream_index=probed.stream_index,
        starts_at_zero=probed.starts_at_zero,
        size=found.size,
        version=found.version,
        layout=probed.layout,
        exact=measured.exact,
        work=work,
    )


async def store_working_copy(
    storage: Storage, cache: ObjectCache, asset_id: str, path: Path, working: Callable[[], None]
) -> WorkingCopy:
    """Store the file at `path` as the asset's working copy. The cache keeps it at hand for rendering."""
    key = keys.working_copy(asset_id)
    await storage.upload(path, key, ContentType.FLAC, lambda _: working())
    found = await storage.stat(key)
    await cache.keep(found, path)
    return WorkingCopy(size=found.size, version=found.version)
