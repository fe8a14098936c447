"""Circuit breaker of a source, as a pure decision: its rules, its state, and what follows from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from audioprep.jobs.errors import ErrorKind
from audioprep.jobs.status import JobStatus
from audioprep.jobs.types.provenance import SourceType

REFUSALS: Final = frozenset({ErrorKind.BOT_CHECK, ErrorKind.SITE_LIMIT})
SOURCES: Final = (SourceType.YOUTUBE.value,)  # those that are one site: rows of `url` lead to any number of sites


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """`refusals` within `window` pause a source for `pause`, after which one row tries it. 0 refusals: never.

    Each further refusal doubles the pause, up to `longest`.
    """

    refusals: int = 0
    window: timedelta = timedelta(minutes=10)
    pause: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=6)

    def __bool__(self) -> bool:
        return self.refusals > 0

    def next_pause(self, last: timedelta) -> timedelta:
        """The pause that follows one of this length."""
        return max(min(2 * last, self.longest), self.pause)


@dataclass(frozen=True, slots=True)
class Circuit:
    """A source that a breaker has paused, from `made` until `until`. `trial` is the job that tries it, if one does.

    `status` and `kind` are those of the trial's row; None without a row.
    """

    made: datetime
    until: datetime
    trial: str = ""
    status: str | None = None
    kind: str | None = None


class Move(StrEnum):
    """What to do about a source that a breaker has paused."""

    WAIT = "wait"  # for the end of the pause, or of the job that tries
    TRY = "try"  # let one row through
    RENEW = "renew"  # the site refused that row
    LIFT = "lift"  # it succeeded
    PASS_ON = "pass_on"  # its end says nothing of the site: another row tries  # noqa: S105


def next_move(circuit: Circuit, now: datetime) -> Move:
    """The state of the circuit decides; it may be asked at any time, by any bridge."""
    if not circuit.trial:
        return Move.WAIT if now < circuit.until else Move.TRY
    match circuit.status:
        case JobStatus.PENDING | JobStatus.PROCESSING:
            return Move.WAIT
        case JobStatus.COMPLETE:
            return Move.LIFT
        case JobStatus.FAILED if circuit.kind in REFUSALS:
            return Move.RENEW
        case _:
            return Move.PASS_ON
