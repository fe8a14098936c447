"""Origin of each setting: the environment, `.env`, or its default; and variables that no setting has."""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic_settings import BaseSettings

from audioprep.jobs.text.redaction import scrub
from audioprep.settings.names import variable


class Origin(StrEnum):
    """Where a value comes from."""

    ENVIRONMENT = "environment"
    FILE = ".env"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable in force, its secrets masked."""

    name: str
    value: str
    origin: Origin


_PREFIXES: Final = ("AUDIOPREP_", "TURSO_")
_OTHERS: Final = ("TEMPORAL_", "AWS_")  # read by Temporal's SDK and the object store's client
_NOT_OURS: Final = frozenset({"AUDIOPREP_ROLE"})  # an option of `audioprep serve`
_SECRET: Final = re.compile(r"KEY$|SECRET|TOKEN|PASSWORD|_DATA$|CREDENTIAL|METADATA")
_MASK: Final = "**********"


def known_names() -> frozenset[str]:
    """All variables of all groups."""
    groups = [group for group in BaseSettings.__subclasses__() if group.__module__.startswith("audioprep.")]
    return frozenset(variable(group, field) for group in groups for field in group.model_fields)


def settings_in_force(
    values: Mapping[str, str], file: Iterable[str], environment: Mapping[str, str] = os.environ
) -> list[Setting]:
    """Those that are set first, then Temporal's and the object store's, then the defaults; each part by name.

    `values` has ours, `file` the names that only `.env` sets.
    """
    from_file = set(file)

    def origin(name: str) -> Origin:
        if not environment.get(name):
            return Origin.DEFAULT
        return Origin.FILE if name in from_file else Origin.ENVIRONMENT

    ours = [Setting(name, value, origin(name)) for name, value in values.items()]
    others = [
        Setting(name, _MASK if _SECRET.search(name) else scrub(value), origin(name))
        for name, value in environment.items()
        if name.startswith(_OTHERS) and value
    ]
    return sorted([*ours, *others], key=lambda each: (each.origin is Origin.DEFAULT, each.name))


def unknown_names(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables that look like settings and are none, each with the nearest setting's name; empty without one."""
    known = known_names() | _NOT_OURS
    odd = sorted(name for name in environment if name.startswith(_PREFIXES) and name not in known)
    return {name: next(iter(difflib.get_close_matches(name, known, 1, 0.8)), "") for name in odd}
