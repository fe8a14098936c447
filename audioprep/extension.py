"""Extensions: job types of installed packages, found by their entry points.

A package names its job types in the group `audioprep.job_types`, which bridges read, and what runs them in
`audioprep.extensions`, which workers read; so a bridge loads no activity of anybody's. See docs/extending.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final, TypeVar

from audioprep.jobs.registry import JOB_TYPES, JobType, JobTypes
from audioprep.jobs.routes import served

if TYPE_CHECKING:
    from audioprep.activities.resources import ActivityResources
    from audioprep.settings import Settings

JOB_TYPE_GROUP: Final = "audioprep.job_types"
EXTENSION_GROUP: Final = "audioprep.extensions"

T = TypeVar("T")


class BrokenPackage(ValueError):
    """An installed package names something as ours that is not there, or is something else."""


@dataclass(frozen=True, slots=True)
class Extension:
    """Workflows, and the activities they need, made from the worker's resources."""

    workflows: Sequence[type]
    activities: "Callable[[ActivityResources], Sequence[Callable[..., Any]]]"


def installed_job_types() -> JobTypes:
    """Our own and those of installed packages.

    Raises BrokenPackage when an entry point leads to none, ValueError when two types go by the same name.
    """
    return JOB_TYPES.with_more(_installed(JOB_TYPE_GROUP, JobType))


def served_types(settings: "Settings") -> JobTypes:
    """What a bridge with these settings serves. Raises ValueError if a type or route is invalid."""
    return served(installed_job_types(), settings.bridge.types, settings.bridge.routes)


def installed_extensions() -> list[Extension]:
    """What installed packages bring for the worker. Raises BrokenPackage when an entry point leads to none."""
    return _installed(EXTENSION_GROUP, Extension)


def _installed(group: str, wanted: type[T]) -> list[T]:
    found = []
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        try:
            thing = entry.load()
        except (ImportError, AttributeError) as error:
            raise BrokenPackage(f"The entry point {entry.name} of {group} cannot be loaded: {error}.") from error
        if not isinstance(thing, wanted):
            raise BrokenPackage(f"The entry point {entry.name} of {group} is no {wanted.__name__}.")
        found.append(thing)
    return found
