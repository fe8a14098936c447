"""Cache of media facts by object version: a recipe is measured, rendered and edited again over the same sources."""

from audioprep.activities.ffmpeg.probe import Probe
from audioprep.activities.storage.objects import StoredObject
from audioprep.jobs.types.asset import MediaFacts

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


def facts_of(found: StoredObject, probed: Probe, frames: int) -> MediaFacts:
    """What was found by probing and decoding this object."""
    return MediaFacts(
        frames=frames,
        sample_rate=probed.sample_rate,
        channels=probed.channels,
        codec=probed.codec,
        format=probed.format,
        stream_index=probed.stream_index,
        starts_at_zero=probed.starts_at_zero,
        size=found.size,
        version=found.version,
    )
