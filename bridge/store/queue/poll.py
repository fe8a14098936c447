"""What a poll of the table may claim, and what it brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from audioprep.jobs.job import Job


@dataclass(frozen=True, slots=True)
class Fairness:
    """Claims between tenants: how many tenants one claim looks at, and how many jobs of one are processed at once."""

    window: int = 200
    max_per_tenant: int | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll brought: rows just claimed, rows whose claim failed them, rows that a newer one superseded, cancels
    to carry out, and rows being processed if asked for.

    `waiting` says that rows were there to be claimed, `more` that there may be others still, `hungry` that
    no slot was granted for them. `paused` are the scopes whose rows are left alone, `automatic` those that a breaker
    has paused, with the time of each. `pending` says that there are rows which wait, paused or not.
    """

    claimed: list[Job]
    refused: list[Job]
    cancel_requested: list[Job]
    processing: list[Job]
    waiting: bool
    more: bool
    superseded: list[Job] = field(default_factory=list)
    hungry: bool = False
    paused: frozenset[str] = frozenset()
    automatic: Mapping[str, str] = field(default_factory=dict)
    pending: bool = False

    @property
    def is_news(self) -> bool:
        """Whether the table is in use."""
        return self.hungry or self.waiting or bool(self.claimed or self.refused or self.cancel_requested)
