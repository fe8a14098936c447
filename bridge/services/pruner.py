"""Pruner: the background service that deletes finished rows past their retention."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import structlog

from audioprep.bridge.metrics import Metrics
from audioprep.bridge.store.retention import PAGE, Ended, KeepRules, Page, RetentionStore, ended_rows
from audioprep.bridge.store.store import JobStore
from audioprep.jobs.timestamps import utc_now

log = structlog.get_logger()

_IDLE: Final = 600.0  # seconds between two rounds over all types
_LOAD: Final = 0.2  # of the time, at most, that passes keep the database busy
_SHORTEST: Final = 0.1  # seconds between two passes
SILENCE: Final = 3 * _IDLE  # seconds without a pass, after which the service counts as stuck


@dataclass(slots=True)
class _Round:
    """One walk over all types and statuses, a page at a time."""

    pairs: Iterator[Ended]
    current: Ended | None = None
    place: tuple[bytes, int] | None = None
    deleted: dict[str, int] = field(default_factory=dict)

    def next_pair(self) -> Ended | None:
        if self.current is None:
            self.current = next(self.pairs, None)
            self.place = None
        return self.current

    def note(self, ended: Ended, page: Page) -> None:
        if page.deleted:
            self.deleted[ended.status] = self.deleted.get(ended.status, 0) + page.deleted
        self.place = page.place
        if page.place is None:
            self.current = None


class Pruner:
    """Reads at most a page of rows in each pass; passes follow each other while there is something left to read."""

    name = "retention"

    def __init__(self, store: JobStore, retention: RetentionStore, keep: KeepRules, metrics: Metrics) -> None:
        self._types = store.types
        self._retention = retention
        self._keep = keep
        self._metrics = metrics
        self._round: _Round | None = None
        self._took = 0.0

    def interval(self) -> float:
        return _IDLE if self._round is None else max(self._took / _LOAD, _SHORTEST)

    async def run_once(self) -> None:
        """One pass: of as many types as it takes to read a page of rows."""
        began = time.monotonic()
        if self._round is None:
            self._round = _Round(ended_rows(self._types, self._keep.cuts(utc_now())))
        left = PAGE
        while left > 0:
            ended = self._round.next_pair()
            if ended is None:
                self._finish(self._round)
                break
            page = await self._retention.delete_page(ended, self._round.place, left)
            self._round.note(ended, page)
            self._metrics.pruned(ended.status, page.deleted)
            left -= page.read
        self._took = time.monotonic() - began

    def _finish(self, done: _Round) -> None:
        self._round = None
        if done.deleted:
            log.info("rows_pruned", **done.deleted)
