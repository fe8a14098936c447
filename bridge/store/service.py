"""Liveness table: what bridges say of themselves, for programs that know only the database."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from libsql_client import Client, InStatement, ResultSet
from libsql_client.client import InValue, Value

from audioprep.bridge.database.errors import DatabaseRefused
from audioprep.bridge.store.queries import SERVICE
from audioprep.jobs.timestamps import from_text, to_text

RECENT: Final = timedelta(minutes=3)
"""What a report says is the state of now. Into one of many databases it is written every half an hour only."""

_MAX_BRIDGES: Final = 100
_MAX_AHEAD: Final = 1_000  # rows counted in front of one
_FORGET_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BridgeReport:
    """What one bridge says. `workers` is None while Temporal does not say; `slots` is its limit of jobs in flight."""

    workers: int | None
    in_flight: int
    slots: int
    median_seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """All bridges of one table that are alive. `last_seen` is the time of the newest report of any bridge, if any."""

    bridges: int
    workers: int | None
    in_flight: int
    slots: int
    median_seconds: Mapping[str, float]
    last_seen: datetime | None = None

    def is_recent(self, now: datetime) -> bool:
        """Whether the newest report says the state of now."""
        return self.last_seen is not None and now - self.last_seen <= RECENT

    def wait_for(self, job_type: str, ahead: int) -> float | None:
        """Seconds until the end of a job that waits behind `ahead` others; None when that is not known."""
        median = self.median_seconds.get(job_type)
        if median is None or not self.slots or not self.workers:
            return None
        return (1 + ahead // self.slots) * median


class ServiceTable:
    """Raises DatabaseError. Where bridges do not report, it is not `used`, and nothing is known."""

    def __init__(self, client: Client, *, used: bool = True) -> None:
        self._client = client
        self._used = used

    async def write(self, bridge: str, report: BridgeReport, now: datetime, alive_for: timedelta) -> None:
        """One row written."""
        await self._client.execute(*_report(bridge, report, now, alive_for))

    async def enter(self, bridge: str, report: BridgeReport, now: datetime, alive_for: timedelta) -> None:
        """The first report of a bridge; bridges that have been dead for a day are forgotten with it."""
        forget: InStatement = SERVICE["forget"], {"before": to_text(now - _FORGET_AFTER)}
        await self._client.batch([forget, _report(bridge, report, now, alive_for)])

    async def leave(self, bridge: str, now: datetime) -> None:
        """The bridge is not alive any more."""
        await self._client.execute(SERVICE["leave"], {"bridge": bridge, "now": to_text(now)})

    async def read(self, now: datetime) -> ServiceStatus | None:
        """None where bridges do not report, and before `migrate` has made the table."""
        if not self._used:
            return None
        try:
            found = await self._client.execute(SERVICE["bridges"], {"limit": _MAX_BRIDGES})
        except DatabaseRefused:
            return None
        return status_of(found, now)

    async def ahead(self, created_at: str) -> int:
        """How many rows wait in front of one that was made then; at most a thousand are counted."""
        found = await self._client.execute(SERVICE["ahead"], {"created_at": created_at, "limit": _MAX_AHEAD})
        return int(str(found.rows[0][0]))


def status_of(found: ResultSet, now: datetime) -> ServiceStatus:
    """The bridges' rows together; values that no bridge writes count as nothing."""
    rows = [row.astuple() for row in found.rows]
    alive = [row for row in rows if (_moment(row[1]) or now) > now]
    workers = [row[2] for row in alive if isinstance(row[2], int)]
    medians: dict[str, float] = {}
    for row in reversed(rows):  # the newest report's word counts
        medians |= _medians(row[5])
    return ServiceStatus(
        bridges=len(alive),
        workers=max(workers, default=None),
        in_flight=_sum([row[3] for row in alive]),
        slots=_sum([row[4] for row in alive]),
        median_seconds=medians,
        last_seen=max(filter(None, (_moment(row[0]) for row in rows)), default=None),
    )


def _report(bridge: str, report: BridgeReport, now: datetime, alive_for: timedelta) -> tuple[str, dict[str, InValue]]:
    return SERVICE["report"], {
        "bridge": bridge,
        "now": to_text(now),
        "alive_until": to_text(now + alive_for),
        "workers": report.workers,
        "in_flight": report.in_flight,
        "slots": report.slots,
        "median_seconds": json.dumps(dict(report.median_seconds), sort_keys=True),
    }


def _moment(value: Value) -> datetime | None:
    try:
        return from_text(_text(value))
    except ValueError:
        return None


def _medians(value: Value) -> dict[str, float]:
    try:
        found = json.loads(_text(value))
    except ValueError:
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {name: float(each) for name, each in pairs if isinstance(each, int | float) and math.isfinite(each)}


def _sum(values: Sequence[Value]) -> int:
    return sum(value for value in values if isinstance(value, int))


def _text(value: Value) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
