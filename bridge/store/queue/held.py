"""Claims while something is paused: which types are free, and how often rows of paused sources are passed over."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from libsql_client import Client, ResultSet

from audioprep.bridge.store.queries import JOBS, for_types
from audioprep.bridge.store.queue.pauses import ALL, FORGET_AFTER, SOURCE, PauseTable, type_scope
from audioprep.bridge.store.rows import number_of, shown
from audioprep.jobs.timestamps import to_text

PAUSED: Final = "(paused)"  # the status of a row of a poll that is a pause
_PER_SECOND: Final = 500  # rows of paused sources that claims pass over: with more of them claims come more seldom
_COUNTED: Final = 100_000  # rows that wait, to that end


@dataclass(frozen=True, slots=True)
class Held:
    """The scopes that are paused now."""

    scopes: frozenset[str] = frozenset()
    automatic: Mapping[str, str] = field(default_factory=dict)  # those by a breaker, and when their time is over

    @property
    def sources(self) -> list[str]:
        return sorted(scope.removeprefix(SOURCE) for scope in self.scopes if scope.startswith(SOURCE))

    def free(self, types: Iterable[str]) -> list[str]:
        """The types whose rows may be claimed."""
        return [] if ALL in self.scopes else [name for name in types if type_scope(name) not in self.scopes]


def held_of(answer: ResultSet, now: datetime, *, breaker: bool = False) -> Held:
    """What a poll found paused. A pause that is over has no effect, whether or not its row is still there, but for one
    of a breaker where there is one: a row tries the source first.
    """
    rows = [row for row in answer.rows if shown(row[2]) == PAUSED]
    automatic = {shown(row[1]): shown(row[9]) for row in rows if row[3]}
    scopes = {shown(row[1]) for row in rows if shown(row[9]) > to_text(now) or (breaker and row[3])}
    return Held(frozenset(scopes), automatic if breaker else {})


class PauseWatch:
    """What the last poll found paused, and when a claim may pass over rows of paused sources again."""

    def __init__(self, client: Client, types: Sequence[str], *, breaker: bool = False) -> None:
        self._client = client
        self._breaker = breaker
        self._types = types
        self._held = Held()
        self._next_claim = 0.0  # of the monotonic clock

    @property
    def scopes(self) -> frozenset[str]:
        return self._held.scopes

    @property
    def sources(self) -> list[str]:
        return self._held.sources

    @property
    def automatic(self) -> Mapping[str, str]:
        """The scopes that a breaker has paused, with the time of each; empty without a breaker."""
        return self._held.automatic

    @property
    def free(self) -> list[str]:
        """The types whose rows may be claimed."""
        return self._held.free(self._types)

    def may_claim(self, waiting: Iterable[str]) -> bool:
        """Whether rows of one of these types may be claimed now."""
        if not self.scopes:
            return True
        return not set(self.free).isdisjoint(waiting) and (not self.sources or time.monotonic() >= self._next_claim)

    async def note(self, answer: ResultSet, now: datetime) -> None:
        """Take over what a poll found; a pause that has been over for a day is deleted."""
        held = held_of(answer, now, breaker=self._breaker)
        if held != self._held:
            self._held, self._next_claim = held, 0.0
        rows = [row for row in answer.rows if shown(row[2]) == PAUSED]
        over = [shown(row[1]) for row in rows if row[3] and shown(row[9]) <= to_text(now)]
        if over and not self._breaker:  # it was switched off: no row is going to try
            await PauseTable(self._client).end(over)
        before = to_text(now - FORGET_AFTER)
        if any(shown(row[9]) < before for row in rows):
            await PauseTable(self._client).forget(now)

    async def space_claims(self) -> None:
        """Bound the cost of claims while a source is paused: the next one comes after a time by the rows that wait."""
        if not self.sources:
            return
        statement, types = for_types(JOBS["queue"], self.free)
        (row,) = (await self._client.execute(statement, {**types, "limit": _COUNTED})).rows
        self._next_claim = time.monotonic() + number_of(row[0]) / _PER_SECOND
