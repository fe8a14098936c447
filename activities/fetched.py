"""A source that has arrived on disk."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fetched:
    """The file in the step's scratch folder, and the name to show for it."""

    path: Path
    name: str
