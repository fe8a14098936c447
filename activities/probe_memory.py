"""What ffprobe said of objects: a recipe is measured, rendered and edited again, and its sources stay the same."""

from pathlib import Path

from audioprep.activities.probe import Probe, probe
from audioprep.activities.storage import StoredObject

_KEPT = 256  # a few hundred bytes each


class ProbeMemory:
    """Probes by key and version: an object that was replaced is looked at again."""

    def __init__(self) -> None:
        self._known: dict[StoredObject, Probe] = {}

    async def of(self, found: StoredObject, path: Path, cwd: Path) -> Probe:
        """Of the object `found`, whose content is at `path`. Raises what `probe` raises, each time anew."""
        known = self._known.pop(found, None) or await probe(path, cwd)
        self._known[found] = known
        if len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return known
