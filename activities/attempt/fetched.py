"""A source that has arrived on disk."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fetched:
    """The file in the step's scratch folder, the name to show for it, and the site's own id of the recording."""

    path: Path
    name: str
    source_id: str | None = None
